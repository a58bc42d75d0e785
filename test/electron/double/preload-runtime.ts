/**
 * The page's side of the double, run by Playwright before any script of the page: a sandboxed preload's `require`
 * (which knows electron and nothing else), contextBridge and ipcRenderer.
 * https://www.electronjs.org/docs/latest/tutorial/sandbox#preload-scripts
 */

/** Under these names the two sides find each other; scripts of the page never see the binding. */
export const bindingName = '__electronDoubleSend';
export const deliveryKey = 'electron-double-deliver';

/** Source text of the init script. */
export function preloadScript(preloadSource: string, platform: string): string {
  return `(${String(runPreload)})(${JSON.stringify({ preloadSource, platform, bindingName, deliveryKey })});`;
}

interface Names {
  preloadSource: string;
  platform: string;
  bindingName: string;
  deliveryKey: string;
}

// Serialised: everything it needs stands inside.
function runPreload({ preloadSource, platform, bindingName, deliveryKey }: Names): void {
  const page = globalThis as unknown as Record<string | symbol, unknown>;
  const binding = page[bindingName] as (kind: string, channel: string, args: unknown[]) => Promise<unknown>;
  delete page[bindingName];
  if (window.top !== window) return;

  const listeners = new Map<string, ((event: unknown, ...args: unknown[]) => void)[]>();
  const onlyKnown = <T extends object>(name: string, target: T): T => new Proxy(target, {
    get(object, key) {
      if (typeof key === 'symbol' || key in object) return Reflect.get(object, key);
      throw new Error(`the Electron double does not implement ${name}.${key}`);
    },
  });

  const ipcRenderer = onlyKnown('ipcRenderer', {
    send: (channel: string, ...args: unknown[]) => void binding('send', channel, structuredClone(args)),
    invoke: (channel: string, ...args: unknown[]) => binding('invoke', channel, structuredClone(args)),
    on(channel: string, listener: (event: unknown, ...args: unknown[]) => void) {
      listeners.set(channel, [...(listeners.get(channel) ?? []), listener]);
    },
    off(channel: string, listener: (event: unknown, ...args: unknown[]) => void) {
      listeners.set(channel, (listeners.get(channel) ?? []).filter((one) => one !== listener));
    },
  });

  /** What crosses the bridge is copied and frozen; functions are wrapped, and their arguments copied too. */
  const bridged = (value: unknown): unknown => {
    if (typeof value === 'function') {
      return (...args: unknown[]) => bridged((value as (...args: unknown[]) => unknown)(...args.map((one) => (typeof one === 'function' ? one : structuredClone(one)))));
    }
    if (value instanceof Promise) return value.then(bridged);
    if (value !== null && typeof value === 'object') {
      const copy = Array.isArray(value) ? value.map(bridged) : Object.fromEntries(Object.entries(value).map(([key, one]) => [key, bridged(one)]));
      return Object.freeze(copy);
    }
    return value;
  };
  const contextBridge = onlyKnown('contextBridge', {
    exposeInMainWorld(name: string, api: unknown) {
      if (name in page) throw new Error(`cannot bind an API on top of an existing property: ${name}`);
      Object.defineProperty(page, name, { value: bridged(api), writable: false, configurable: false, enumerable: true });
    },
  });

  const electron = onlyKnown('electron (in a sandboxed preload)', { ipcRenderer, contextBridge });
  const require = (name: string): unknown => {
    if (name === 'electron') return electron;
    throw new Error(`module not found: ${name} (a sandboxed preload can require electron only)`);
  };
  const process = { platform, type: 'renderer', sandboxed: true, contextIsolated: true };

  Object.defineProperty(page, Symbol.for(deliveryKey), {
    value: (channel: string, args: unknown[]) => {
      for (const listener of listeners.get(channel) ?? []) listener({}, ...args);
    },
  });
  new Function('require', 'module', 'exports', 'process', preloadSource)(require, { exports: {} }, {}, process);
}
