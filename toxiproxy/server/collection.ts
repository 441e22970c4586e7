// All proxies of a server. Whatever starts or stops a listener goes through one queue, so that two callers never race for a port.
import { lookup } from "node:dns/promises";
import { formatAddress, parseAddress } from "./address.js";
import { CounterBook } from "./counters.js";
import type { CountersReport } from "./counters.js";
import { ApiError } from "./decode.js";
import type { ProxyInput } from "./decode.js";
import { HeldBytes } from "./limits.js";
import type { ProxyServerLimits } from "./limits.js";
import { Proxy } from "./proxy.js";
import type { ProxySurroundings } from "./proxy.js";

export class ProxyCollection {
  private readonly proxies = new Map<string, Proxy>();
  private readonly counters: CounterBook;
  private readonly surroundings: ProxySurroundings;
  private queue: Promise<unknown> = Promise.resolve();

  constructor(private readonly limits: ProxyServerLimits) {
    this.counters = new CounterBook(limits.proxies * 4);
    this.surroundings = { budget: new HeldBytes(limits), connectionsMax: limits.connections, connections: 0 };
  }

  private exclusively<T>(act: () => Promise<T>): Promise<T> {
    const result = this.queue.then(act);
    this.queue = result.catch(() => undefined);
    return result;
  }

  all(): readonly Proxy[] {
    return [...this.proxies.values()];
  }

  get(name: string): Proxy {
    const proxy = this.proxies.get(name);
    if (proxy === undefined) throw new ApiError("proxy not found", 404);
    return proxy;
  }

  report(): CountersReport {
    return this.counters.report();
  }

  private make(input: ProxyInput): Proxy {
    if (this.proxies.size >= this.limits.proxies && !this.proxies.has(input.name))
      throw new ApiError(`more than ${this.limits.proxies} proxies`, 500);
    return new Proxy(input.name, input.listen, input.upstream, this.counters.of(input.name), this.surroundings);
  }

  create(input: ProxyInput): Promise<Proxy> {
    return this.exclusively(async () => {
      if (this.proxies.has(input.name)) throw new ApiError("proxy already exists", 409);
      const proxy = this.make(input);
      if (input.enabled) await start(proxy);
      this.proxies.set(proxy.name, proxy);
      return proxy;
    });
  }

  update(name: string, decode: (proxy: Proxy) => ProxyInput): Promise<Proxy> {
    return this.exclusively(async () => {
      const proxy = this.get(name);
      const input = decode(proxy);
      if (await differs(proxy, input)) {
        await proxy.stop();
        proxy.listen = input.listen;
        proxy.upstream = input.upstream;
      }
      if (input.enabled && !proxy.enabled) await start(proxy);
      if (!input.enabled && proxy.enabled) await proxy.stop();
      return proxy;
    });
  }

  remove(name: string): Promise<void> {
    return this.exclusively(async () => {
      const proxy = this.get(name);
      this.proxies.delete(name);
      await proxy.stop();
    });
  }

  /** Applies in part: the proxies made before a failure stay, and `made` names them. */
  populate(inputs: readonly ProxyInput[], made: Proxy[]): Promise<void> {
    return this.exclusively(async () => {
      for (const input of inputs) {
        const existing = this.proxies.get(input.name);
        if (existing !== undefined && !(await differs(existing, input))) {
          made.push(existing);
          continue;
        }
        await existing?.stop();
        const proxy = this.make(input);
        if (input.enabled) await start(proxy);
        this.proxies.set(proxy.name, proxy);
        made.push(proxy);
      }
    });
  }

  /** Enables everything and removes every toxic. */
  reset(): Promise<void> {
    return this.exclusively(async () => {
      for (const proxy of this.proxies.values()) {
        await start(proxy);
        for (const toxic of proxy.toxicsInOrder()) proxy.removeToxic(toxic);
      }
    });
  }

  close(): Promise<void> {
    return this.exclusively(async () => {
      const all = [...this.proxies.values()];
      this.proxies.clear();
      await Promise.all(all.map((proxy) => proxy.stop()));
    });
  }
}

async function start(proxy: Proxy): Promise<void> {
  try {
    await proxy.start();
  } catch (error) {
    throw new ApiError(listenFailure(proxy.listen, error), 500);
  }
}

/** The operating system's reason in the words of Go's network library. */
function listenFailure(listen: string, error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : null;
  const message = error instanceof Error ? error.message : String(error);
  if (message.startsWith("address ")) return `listen tcp: ${message}`;
  if (code === "EADDRINUSE") return `listen tcp ${listen}: bind: address already in use`;
  if (code === "EADDRNOTAVAIL") return `listen tcp ${listen}: bind: cannot assign requested address`;
  if (code === "EACCES") return `listen tcp ${listen}: bind: permission denied`;
  return `listen tcp ${listen}: ${message}`;
}

async function differs(proxy: Proxy, input: ProxyInput): Promise<boolean> {
  if (proxy.upstream !== input.upstream) return true;
  if (proxy.listen === input.listen) return false;
  try {
    const { host, port } = parseAddress(input.listen);
    const resolved = host === "" ? "127.0.0.1" : (await lookup(host, { family: 4 })).address;
    return proxy.listen !== formatAddress(resolved, port);
  } catch (error) {
    throw new ApiError(error instanceof Error ? error.message : String(error), 500);
  }
}
