// A proxy on a server, driven through toxiproxy-node-client. The client has no time-outs, does not encode names, loses the
// server's error texts and does not know which toxics a proxy has; this file makes up for it. The client cannot abort a
// request: one that is given up runs on and its answer is ignored.
import { Proxy, Toxic, Toxiproxy } from "toxiproxy-node-client";
import { formatAddress, parseAddress } from "./server/address.js";
import { sameAttributes } from "./desired.js";
import type { DesiredProxy, DesiredToxic } from "./desired.js";
import type { Address } from "./types.js";

/** The proxy server did not do what was asked of it. */
export class ProxyServerError extends Error {
  constructor(
    message: string,
    /** No answer in time: the call may have been carried out, or hang. */
    readonly timedOut: boolean = false,
  ) {
    super(message);
    this.name = "ProxyServerError";
  }
}

/** What the client says only as a number, said in words. */
const statusMeaning: ReadonlyMap<string, string> = new Map([
  ["400", "the server found the request malformed"],
  ["404", "the server does not know it (was it restarted?)"],
  ["409", "the name is taken"],
  ["500", "the server could not do it (is the listen address taken?)"],
  ["503", "the server hung"],
]);

function explain(what: string, error: unknown): ProxyServerError {
  const message = error instanceof Error ? error.message : String(error);
  const status = /status code (\d+)/.exec(message)?.[1] ?? "";
  const meaning = statusMeaning.get(status) ?? "is the proxy server alive?";
  return new ProxyServerError(`${what}: ${message} (${meaning})`, status === "503");
}

interface ServerToxic {
  readonly name: string;
  readonly type: string;
  readonly attributes: Readonly<Record<string, number>>;
}

/** Proxies as `GET /proxies` lists them; the client's own reading drops the toxics. */
export interface ServerProxy {
  readonly name: string;
  readonly listen: string;
  readonly upstream: string;
  readonly enabled: boolean;
  readonly toxics: readonly ServerToxic[];
}

export class RemoteServer {
  readonly client: Toxiproxy;

  constructor(
    readonly api: string,
    private readonly callTimeoutMs: number,
  ) {
    this.client = new Toxiproxy(api.replace(/\/+$/, ""));
  }

  async call<T>(what: string, act: () => Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new ProxyServerError(`${what}: no answer within ${this.callTimeoutMs} ms`, true)),
        this.callTimeoutMs,
      );
    });
    const answer = act().catch((error: unknown) => {
      throw explain(what, error);
    });
    // After the time-out nobody else looks at the answer.
    answer.catch(() => undefined);
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async list(): Promise<ReadonlyMap<string, ServerProxy>> {
    const { data } = await this.call("list the proxies", () =>
      this.client.getApi().get<Readonly<Record<string, ServerProxy>>>(`${this.client.host}/proxies`),
    );
    return new Map(Object.entries(data));
  }

  create(name: string, listen: string, upstream: string, enabled: boolean): Promise<Proxy> {
    if (!/^[A-Za-z0-9._-]+$/.test(name)) throw new ProxyServerError(`"${name}" cannot be a proxy's name in a URL`);
    return this.call(`create proxy ${name} on ${listen}`, () =>
      this.client.createProxy({ name, listen, upstream, enabled }),
    );
  }
}

const enableTries = 10;
const enableRetryMs = 100;

/** One proxy and what we last made of it. */
export class RemoteProxy {
  private enabled: boolean;
  private readonly toxics = new Map<string, Toxic<Readonly<Record<string, number>>>>();

  private constructor(
    private readonly server: RemoteServer,
    private proxy: Proxy,
  ) {
    this.enabled = proxy.enabled;
  }

  static async create(server: RemoteServer, name: string, listen: Address, upstream: Address): Promise<RemoteProxy> {
    const [from, to] = [formatAddress(listen.host, listen.port), formatAddress(upstream.host, upstream.port)];
    return new RemoteProxy(server, await server.create(name, from, to, true));
  }

  get name(): string {
    return this.proxy.name;
  }

  get listen(): Address {
    return parseAddress(this.proxy.listen);
  }

  /** Believes the server instead of our memory. */
  refresh(seen: ServerProxy): void {
    this.toxics.clear();
    this.enabled = seen.enabled;
    for (const { name, type, attributes } of seen.toxics) {
      const body = { name, type: type as Toxic<unknown>["type"], stream: "upstream" as const, toxicity: 1, attributes };
      this.toxics.set(name, new Toxic(this.proxy.api, this.proxy.getPath(), body));
    }
  }

  /**
   * Makes the proxy what it shall be. Resolves to null, or to the reason why it had to be deleted and created again: then
   * every connection ended and the bytes it held are lost.
   */
  async become(desired: DesiredProxy): Promise<string | null> {
    try {
      await this.step(desired);
      return null;
    } catch (error) {
      if (!(error instanceof ProxyServerError && error.timedOut)) throw error;
      return this.recreate(desired, error.message);
    }
  }

  /** Stops first and starts last, so that no byte passes a proxy that is only half changed. */
  private async step(desired: DesiredProxy): Promise<void> {
    if (this.enabled && !desired.enabled) await this.setEnabled(false);
    for (const [name, toxic] of this.toxics) {
      if (desired.toxics.some((other) => other.name === name)) continue;
      await this.server.call(`remove toxic ${name} of ${this.name}`, () => toxic.remove());
      this.toxics.delete(name);
    }
    for (const toxic of desired.toxics) await this.haveToxic(toxic);
    if (!this.enabled && desired.enabled) await this.enable();
  }

  private async haveToxic({ name, type, stream, attributes }: DesiredToxic): Promise<void> {
    const present = this.toxics.get(name);
    if (present !== undefined && sameAttributes(present.attributes, attributes)) return;
    const body = { name, type, stream, toxicity: 1, attributes };
    const toxic = await this.server.call(`set toxic ${name} of ${this.name}`, () =>
      present === undefined ? this.proxy.addToxic(body) : present.update(body),
    );
    this.toxics.set(name, toxic);
  }

  private async setEnabled(enabled: boolean): Promise<void> {
    const { listen, upstream } = this.proxy;
    await this.server.call(`${enabled ? "enable" : "disable"} ${this.name}`, () =>
      this.proxy.update({ enabled, listen, upstream }),
    );
    this.enabled = enabled;
  }

  /** The port was given up while the proxy was disabled: another program may hold it for a moment. */
  private async enable(): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        await this.setEnabled(true);
        return;
      } catch (error) {
        const worthWaiting = error instanceof ProxyServerError && error.message.includes("status code 500");
        if (!worthWaiting || tries >= enableTries) throw error;
        await new Promise((resolve) => setTimeout(resolve, enableRetryMs));
      }
    }
  }

  /** Deletes the proxy and creates it with the same name and address. Resolves to the reason. */
  async recreate(desired: DesiredProxy, reason: string): Promise<string> {
    await this.remove();
    const { name, listen, upstream } = this.proxy;
    this.proxy = await this.server.create(name, listen, upstream, false);
    this.toxics.clear();
    this.enabled = false;
    await this.step(desired);
    return reason;
  }

  async remove(): Promise<void> {
    await this.server
      .call(`delete ${this.name}`, () => this.proxy.remove())
      .catch((error: unknown) => {
        // Gone is what was wanted.
        if (!(error instanceof ProxyServerError && error.message.includes("status code 404"))) throw error;
      });
  }
}
