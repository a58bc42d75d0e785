/**
 * What can be wrong with bytes that should be a header. A parser answers a record or one of these words, so that a caller
 * writes `if (typeof header === 'string')` and nothing is allocated on the path of a good packet.
 */
export type WireError = 'truncated' | 'bad-version' | 'bad-length' | 'bad-type' | 'bad-value';
