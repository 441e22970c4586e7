// What the built-in server counts itself. Counters belong to a proxy's name and outlive the proxy, so that deleting and creating
// it again does not make a sum fall.

export interface StreamCounters {
  /** Read from the source socket. */
  offeredBytes: number;
  /** Handed to the kernel for the destination socket. */
  deliveredBytes: number;
}

export interface ProxyCounters {
  readonly upstream: StreamCounters;
  readonly downstream: StreamCounters;
  openConnections: number;
  acceptedConnections: number;
}

/** The answer of `GET /minos/counters`. */
export interface CountersReport {
  readonly proxies: Readonly<Record<string, ProxyCounters>>;
}

export class CounterBook {
  private readonly byName = new Map<string, ProxyCounters>();

  constructor(private readonly namesMax: number) {}

  of(name: string): ProxyCounters {
    const known = this.byName.get(name);
    if (known !== undefined) return known;
    const fresh: ProxyCounters = {
      upstream: { offeredBytes: 0, deliveredBytes: 0 },
      downstream: { offeredBytes: 0, deliveredBytes: 0 },
      openConnections: 0,
      acceptedConnections: 0,
    };
    // A caller that makes ever new names pays with the oldest name's history.
    if (this.byName.size >= this.namesMax) {
      const oldest = this.byName.keys().next();
      if (oldest.done !== true) this.byName.delete(oldest.value);
    }
    this.byName.set(name, fresh);
    return fresh;
  }

  report(): CountersReport {
    return { proxies: Object.fromEntries(this.byName) };
  }
}
