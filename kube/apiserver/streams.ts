/** Answers that go on: the server's end of an ApiStream. */
import type { ApiStream } from './http.ts';

export interface ServerStream {
  readonly stream: ApiStream;
  /** Once, before anything is written, for those who were told to wait for it. */
  head(status: number, headers: Readonly<Record<string, string>>): void;
  write(bytes: Uint8Array, channel?: number): void;
  endChannel(channel: number): void;
  end(): void;
  readonly isOpen: boolean;
}

export interface StreamHandlers {
  readonly onWrite?: (bytes: Uint8Array, channel: number) => void;
  readonly onEndChannel?: (channel: number) => void;
  readonly onConnect?: (connection: number, port: number) => void;
  /** The client has gone, or the server has ended it. */
  readonly onClose: () => void;
}

/** What is written before the client listens waits for it. */
export function openStream(framing: ApiStream['framing'], handlers: StreamHandlers, hasHead = false): ServerStream {
  let isOpen = true;
  let onData: ((bytes: Uint8Array, channel: number) => void) | undefined;
  let onChannelEnd: ((channel: number) => void) | undefined;
  let onEnd: (() => void) | undefined;
  let head: readonly [number, Readonly<Record<string, string>>] | undefined;
  let onHead: ((status: number, headers: Readonly<Record<string, string>>) => void) | undefined;
  const waitingData: [Uint8Array, number][] = [];
  const waitingEnds: number[] = [];
  const close = (): void => {
    if (!isOpen) return;
    isOpen = false;
    handlers.onClose();
  };
  return {
    get isOpen() {
      return isOpen;
    },
    head(status, headers) {
      head = [status, headers];
      onHead?.(status, headers);
    },
    write(bytes, channel = 0) {
      if (!isOpen) return;
      if (onData === undefined) waitingData.push([bytes, channel]);
      else onData(bytes, channel);
    },
    endChannel(channel) {
      if (!isOpen) return;
      if (onChannelEnd === undefined) waitingEnds.push(channel);
      else onChannelEnd(channel);
    },
    end() {
      if (!isOpen) return;
      close();
      onEnd?.();
    },
    stream: {
      framing,
      ...(hasHead ? { onHead(listener: NonNullable<typeof onHead>): void {
        onHead = listener;
        if (head !== undefined) listener(...head);
      } } : {}),
      onData(listener) {
        onData = listener;
        for (const [bytes, channel] of waitingData.splice(0)) listener(bytes, channel);
      },
      onChannelEnd(listener) {
        onChannelEnd = listener;
        for (const channel of waitingEnds.splice(0)) listener(channel);
      },
      onEnd(listener) {
        onEnd = listener;
        if (!isOpen) listener();
      },
      write: (bytes, channel) => { if (isOpen) handlers.onWrite?.(bytes, channel); },
      endChannel: (channel) => { if (isOpen) handlers.onEndChannel?.(channel); },
      connect: (connection, port) => { if (isOpen) handlers.onConnect?.(connection, port); },
      close,
    },
  };
}
