// A limit on everything that a peer or a caller of the API could make grow.

export interface ProxyServerLimits {
  /** Connections open at once over all proxies; one more is closed as soon as it is accepted. */
  readonly connections: number;
  /** Bytes that one stream of one connection may hold back before its source is no longer read. */
  readonly heldBytesPerStream: number;
  /** The same over all streams. A stream that holds nothing may always take one more chunk, or it could never go on. */
  readonly heldBytesTotal: number;
  readonly proxies: number;
  readonly toxicsPerProxy: number;
  /** Of a request to the API. */
  readonly requestBytes: number;
}

export const defaultLimits: ProxyServerLimits = {
  connections: 8192,
  heldBytesPerStream: 1 << 20,
  heldBytesTotal: 256 << 20,
  proxies: 4096,
  toxicsPerProxy: 64,
  requestBytes: 1 << 20,
};

/** Bytes held back by all streams of a server. */
export class HeldBytes {
  total = 0;

  constructor(private readonly limits: ProxyServerLimits) {}

  /** Whether a stream that holds `own` bytes must stop reading. */
  isFull(own: number): boolean {
    return own >= this.limits.heldBytesPerStream || (own > 0 && this.total >= this.limits.heldBytesTotal);
  }

  /** Whether it may read again; half the limit, so that it does not flutter. */
  hasRoom(own: number): boolean {
    return own === 0 || (own <= this.limits.heldBytesPerStream / 2 && this.total < this.limits.heldBytesTotal);
  }
}
