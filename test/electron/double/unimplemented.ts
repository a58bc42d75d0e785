/** An object whose known members work and whose unknown ones say so by name, instead of being quietly undefined. */
export function onlyWhatIsImplemented<T extends object>(name: string, target: T): T {
  return new Proxy(target, {
    get(object, key, receiver) {
      if (typeof key === 'symbol' || key in object || expectedlyAbsent.has(key)) return Reflect.get(object, key, receiver);
      throw new Error(`the Electron double does not implement ${name}.${key}`);
    },
  });
}

/** What promises, test printers and module loaders look for on any object. */
const expectedlyAbsent = new Set(['then', 'toJSON', 'asymmetricMatch', '__esModule', 'default', 'nodeType', 'tagName', '$$typeof']);
