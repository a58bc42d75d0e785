/**
 * Requests and answers of the API server, without a socket. The simulated kubectl hands them over as they are; the
 * loopback server (host/apiserver.ts) makes them of HTTP, SPDY and WebSockets.
 */

export interface ApiRequest {
  readonly method: string;
  /** With the query: `/api/v1/namespaces/default/pods?limit=500`. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Who asks; left out: the cluster's administrator. */
  readonly user?: string;
}

export type ApiResponse = ApiAnswer | ApiStreamed;

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly stream?: undefined;
}

export interface ApiStreamed {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: undefined;
  readonly stream: ApiStream;
}

/**
 * An answer that goes on. `body`: one flow of bytes from the server (watch, logs). `channels`: numbered flows both ways,
 * as in v4.channel.k8s.io: exec and attach have 0 stdin, 1 stdout, 2 stderr, 3 the final Status as JSON, 4 terminal sizes as
 * `{"Width":80,"Height":24}`; port-forward has for the n-th connection 2n data, 2n+1 its error.
 */
export interface ApiStream {
  readonly framing: 'body' | 'channels';
  /** Of an answer whose status somebody else decides (a proxy): told once, before any data; that of the response itself means nothing. */
  onHead?(listener: (status: number, headers: Readonly<Record<string, string>>) => void): void;
  /** Listeners are set before anything is delivered: once, right after the answer has come. */
  onData(listener: (bytes: Uint8Array, channel: number) => void): void;
  /** The server has nothing more to say on a channel (a connection of port-forward has been closed). */
  onChannelEnd(listener: (channel: number) => void): void;
  /** Everything is over. */
  onEnd(listener: () => void): void;
  write(bytes: Uint8Array, channel: number): void;
  /** The client has nothing more to say on a channel: end of standard input. */
  endChannel(channel: number): void;
  /** Port-forward: begins connection n (channels 2n, 2n+1) to this port of the pod. */
  connect(connection: number, port: number): void;
  /** The client goes away. */
  close(): void;
}
