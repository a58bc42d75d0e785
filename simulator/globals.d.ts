/**
 * The few globals that pure rooms may use although the ES2023 library does not name them. All of them are pure
 * functions of their arguments and the same in Node, in a Web Worker and in a test. Nothing that knows the host
 * (time, chance, timers, locale) belongs here.
 */

declare class TextEncoder {
  encode(input?: string): Uint8Array<ArrayBuffer>;
  encodeInto(source: string, destination: Uint8Array): { read: number; written: number };
}

declare class TextDecoder {
  constructor(label?: 'utf-8', options?: { fatal?: boolean; ignoreBOM?: boolean });
  decode(input?: ArrayBufferView | ArrayBuffer, options?: { stream?: boolean }): string;
}

declare function structuredClone<T>(value: T): T;
