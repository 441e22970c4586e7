// The mesh of link proxies: one proxy for each ordered pair of nodes and one for each node's clients.
import { connect } from "node:net";
import type { CounterSource, MeshView } from "./counter-source.js";
import { desiredProxy, untouched } from "./desired.js";
import type { LinkState } from "./desired.js";
import { drawPort } from "./ports.js";
import { RemoteProxy, RemoteServer } from "./remote.js";
import type {
  Address,
  CutMode,
  HealReport,
  Link,
  LinkCounters,
  LinkShape,
  MeshNode,
  MeshProxy,
  ProxyRole,
  Stream,
} from "./types.js";

export interface LinkMeshOptions<Node extends string = string> {
  /** `http://host:port` of the proxy server's API. */
  readonly api: string;
  readonly nodes: readonly MeshNode<Node>[];
  readonly counters: CounterSource;
  /** Where a proxy shall listen; port 0 lets the server draw one. Default: free ports of 127.0.0.1. */
  readonly listen?: (role: ProxyRole<Node>) => Address;
  /** How to try a connection (docker: from inside the dialler's network). Default: a TCP connect from this process. */
  readonly attempt?: (link: Link<Node>, listen: Address) => Promise<"accepted" | "refused">;
  /** No call of the API is waited for longer. Default 3000. */
  readonly callTimeoutMs?: number;
}

/** One proxy of the mesh: what it is and the way to change it. */
interface Member<Node extends string> {
  readonly proxy: MeshProxy<Node>;
  readonly remote: RemoteProxy;
}

const callsAtOnce = 8;
const attemptTimeoutMs = 2000;

const key = (link: Link): string => `${link.from}>${link.to}`;

export class LinkMesh<Node extends string = string> {
  /** All proxies, as the server created them. */
  readonly proxies: readonly MeshProxy<Node>[];
  private readonly states = new Map<string, LinkState>();
  private readonly links = new Map<string, Member<Node>>();
  private readonly byName = new Map<string, Member<Node>>();
  private allDisabled = false;
  /** Names of proxies that are being changed: until that is done nobody may take them for untouched. */
  private readonly changing = new Set<string>();
  private changes: Promise<unknown> = Promise.resolve();
  private samples: Promise<unknown> = Promise.resolve();
  private readonly sampler: NodeJS.Timeout | null;
  private readonly view: MeshView<Node>;

  private constructor(
    private readonly server: RemoteServer,
    private readonly options: LinkMeshOptions<Node>,
    members: readonly Member<Node>[],
  ) {
    this.proxies = members.map(({ proxy }) => proxy);
    for (const member of members) {
      this.byName.set(member.proxy.name, member);
      const { role } = member.proxy;
      if (role.kind === "link") this.links.set(key(role), member);
    }
    const linkProxies = [...this.links.values()].map(({ proxy }) => proxy);
    this.view = { links: linkProxies, passes: (name, stream) => this.passes(name, stream) };
    this.sampler = this.startSampling();
  }

  /** Creates every proxy; on failure removes what it made and rejects. */
  static async create<Node extends string>(options: LinkMeshOptions<Node>): Promise<LinkMesh<Node>> {
    const server = new RemoteServer(options.api, options.callTimeoutMs ?? 3000);
    const planned = planProxies(options.nodes);
    const made: Member<Node>[] = [];
    const taken = new Set<number>();
    try {
      await eachAtOnce(planned, async ({ name, role, upstream }) => {
        const remote = await createProxy(server, name, upstream, options.listen?.(role) ?? null, taken);
        made.push({ proxy: { name, role, upstream, listen: remote.listen }, remote });
      });
    } catch (error) {
      await eachAtOnce(made, ({ remote }) => remote.remove().catch(() => undefined));
      throw error;
    }
    const order = new Map(planned.map(({ name }, index) => [name, index]));
    made.sort((one, other) => (order.get(one.proxy.name) ?? 0) - (order.get(other.proxy.name) ?? 0));
    return new LinkMesh(server, options, made);
  }

  /** What `link.from` must dial to reach `link.to`. */
  linkAddress(link: Link<Node>): Address {
    return this.member(link).proxy.listen;
  }

  clientAddress(node: Node): Address {
    return this.named(`client-${node}`).proxy.listen;
  }

  adminAddress(node: Node): Address {
    return this.named(`admin-${node}`).proxy.listen;
  }

  private named(name: string): Member<Node> {
    const member = this.byName.get(name);
    if (member === undefined) throw new Error(`the mesh has no proxy ${name}`);
    return member;
  }

  private member(link: Link<Node>): Member<Node> {
    const member = this.links.get(key(link));
    if (member === undefined) throw new Error(`the mesh has no link ${key(link)}`);
    return member;
  }

  private stateOf(link: Link<Node>): LinkState {
    return this.states.get(key(link)) ?? untouched;
  }

  /**
   * Rejects without touching anything when one of the links is cut already. The report names proxies that hung on the change
   * (a real Toxiproxy does while a receiver does not read) and were made again, at the price of the bytes they held.
   */
  async cut(links: readonly Link<Node>[], mode: CutMode): Promise<HealReport> {
    return this.change(links, (state, link) => {
      if (state.cut !== null) throw new Error(`${key(link)} is cut already (${state.cut})`);
      return { ...state, cut: mode };
    });
  }

  /** Undoes `cut` and `shape`. Links that are neither are left alone. */
  async heal(links: readonly Link<Node>[]): Promise<HealReport> {
    return this.change(links, () => untouched);
  }

  /** Replaces the links' shape. */
  async shape(links: readonly Link<Node>[], shape: LinkShape): Promise<HealReport> {
    return this.change(links, (state) => ({ ...state, shape }));
  }

  /** All n(n-1) links. */
  observeLinks(): Promise<readonly LinkCounters<Node>[]> {
    const sampled = this.samples.then(() => this.options.counters.sample(this.view));
    this.samples = sampled.catch(() => undefined);
    return sampled;
  }

  /** A connection on the way that `link.from` takes to `link.to`, closed at once without a byte. */
  async attempt(link: Link<Node>): Promise<"accepted" | "refused"> {
    const { listen } = this.member(link).proxy;
    return this.options.attempt === undefined ? attemptTcp(listen) : this.options.attempt(link, listen);
  }

  /** Disables every link proxy (client and admin proxies stay); `healEverything` undoes it. */
  async disableAll(): Promise<void> {
    await this.exclusively(async () => {
      this.allDisabled = true;
      await this.reconcile([...this.links.values()]);
    });
  }

  /** Heals every link, whatever the server's state is by now: it is asked first, and lost proxies are made again. */
  healEverything(): Promise<HealReport> {
    return this.exclusively(async () => {
      this.allDisabled = false;
      this.states.clear();
      const all = [...this.byName.values()];
      const lost = await this.refresh(all);
      return this.reconcile(all, lost);
    });
  }

  /** Reads what the server really has. A server that cannot say so hangs; then every proxy is made again. */
  private async refresh(members: readonly Member<Node>[]): Promise<ReadonlyMap<string, string>> {
    const lost = new Map<string, string>();
    const seen = await this.server.list().catch((error: unknown) => {
      if (isTimeout(error)) return null;
      throw error;
    });
    for (const { remote } of members) {
      const proxy = seen?.get(remote.name) ?? null;
      if (proxy === null) lost.set(remote.name, seen === null ? "the server did not answer" : "it was gone");
      else remote.refresh(proxy);
    }
    return lost;
  }

  /** Deletes the proxies and stops sampling. Never rejects because the server is gone. */
  async remove(): Promise<void> {
    if (this.sampler !== null) clearInterval(this.sampler);
    await this.samples;
    await this.exclusively(() =>
      eachAtOnce([...this.byName.values()], ({ remote }) => remote.remove().catch(() => undefined)),
    );
  }

  private exclusively<T>(act: () => Promise<T>): Promise<T> {
    const result = this.changes.then(act);
    this.changes = result.catch(() => undefined);
    return result;
  }

  /** Sets the links' states and makes the proxies follow. When that fails the states are put back, as well as it goes. */
  private change(
    links: readonly Link<Node>[],
    next: (state: LinkState, link: Link<Node>) => LinkState,
  ): Promise<HealReport> {
    return this.exclusively(async () => {
      const planned = new Map<string, LinkState>();
      const affected = new Set<Member<Node>>();
      for (const link of links) {
        affected.add(this.member(link));
        affected.add(this.member({ from: link.to, to: link.from }));
        planned.set(key(link), next(planned.get(key(link)) ?? this.stateOf(link), link));
      }
      const before = new Map(this.states);
      for (const [name, state] of planned) this.states.set(name, state);
      try {
        return await this.reconcile([...affected]);
      } catch (error) {
        this.states.clear();
        for (const [name, state] of before) this.states.set(name, state);
        await this.reconcile([...affected]).catch(() => undefined);
        throw error;
      }
    });
  }

  private async reconcile(
    members: readonly Member<Node>[],
    lost: ReadonlyMap<string, string> = new Map(),
  ): Promise<HealReport> {
    const recreated: { proxy: string; reason: string }[] = [];
    for (const { proxy } of members) this.changing.add(proxy.name);
    await eachAtOnce(members, async ({ proxy, remote }) => {
      const { role } = proxy;
      const desired =
        role.kind === "link"
          ? desiredProxy(this.stateOf(role), this.stateOf({ from: role.to, to: role.from }), this.allDisabled)
          : { enabled: true, toxics: [] };
      const gone = lost.get(proxy.name);
      const reason = gone === undefined ? await remote.become(desired) : await remote.recreate(desired, gone);
      if (reason !== null) recreated.push({ proxy: proxy.name, reason });
      this.changing.delete(proxy.name);
    });
    return { recreated };
  }

  /** Whether this stream passes bytes as they come. */
  private passes(proxyName: string, stream: Stream): boolean {
    const { role } = this.named(proxyName).proxy;
    if (role.kind !== "link") return true;
    const back = { from: role.to, to: role.from };
    const carried = stream === "upstream" ? role : back;
    if (this.allDisabled || this.stateOf(role).cut === "reset") return false;
    const { cut, shape } = this.stateOf(carried);
    return cut === null && shape === null && !this.changing.has(proxyName);
  }

  private startSampling(): NodeJS.Timeout | null {
    const { sampleEveryMs } = this.options.counters;
    if (sampleEveryMs === null) return null;
    let busy = false;
    const timer = setInterval(() => {
      if (busy) return;
      busy = true;
      // A failure shows when somebody asks for the counters.
      void this.observeLinks()
        .catch(() => undefined)
        .finally(() => {
          busy = false;
        });
    }, sampleEveryMs);
    timer.unref();
    return timer;
  }
}

interface PlannedProxy<Node extends string> {
  readonly name: string;
  readonly role: ProxyRole<Node>;
  readonly upstream: Address;
}

/** `link-<from>-<to>` for each ordered pair, `client-<node>` and, where wanted, `admin-<node>`. */
function planProxies<Node extends string>(nodes: readonly MeshNode<Node>[]): readonly PlannedProxy<Node>[] {
  const planned: PlannedProxy<Node>[] = [];
  for (const { name, peer, client, admin } of nodes) {
    for (const { name: from } of nodes) {
      if (from === name) continue;
      planned.push({ name: `link-${from}-${name}`, role: { kind: "link", from, to: name }, upstream: peer });
    }
    planned.push({ name: `client-${name}`, role: { kind: "client", node: name }, upstream: client });
    if (admin !== undefined)
      planned.push({ name: `admin-${name}`, role: { kind: "admin", node: name }, upstream: admin });
  }
  const names = new Set(planned.map(({ name }) => name));
  if (names.size !== planned.length) throw new Error("two proxies would have one name: node names must be told apart");
  return planned;
}

const portTries = 5;

async function createProxy(
  server: RemoteServer,
  name: string,
  upstream: Address,
  listen: Address | null,
  taken: Set<number>,
): Promise<RemoteProxy> {
  if (listen !== null) return RemoteProxy.create(server, name, listen, upstream);
  for (let tries = 1; ; tries++) {
    const host = "127.0.0.1";
    const port = await drawPort(host, taken);
    // Another one of this mesh may have drawn the same while we waited.
    if (taken.has(port)) continue;
    taken.add(port);
    try {
      return await RemoteProxy.create(server, name, { host, port }, upstream);
    } catch (error) {
      // Between the drawing and the server's binding another program may have been faster.
      if (tries >= portTries || !String(error).includes("status code 500")) throw error;
    }
  }
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && "timedOut" in error && error.timedOut === true;
}

/** Runs over all with a bound on how many run at once; rejects with the first failure after all have ended. */
async function eachAtOnce<T>(all: readonly T[], act: (one: T) => Promise<unknown>): Promise<void> {
  const waiting = [...all];
  const failures: unknown[] = [];
  const worker = async (): Promise<void> => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      try {
        await act(one);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(callsAtOnce, all.length) }, worker));
  if (failures.length > 0) throw failures[0];
}

async function attemptTcp(listen: Address): Promise<"accepted" | "refused"> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: listen.host, port: listen.port, timeout: attemptTimeoutMs });
    socket.once("connect", () => {
      socket.destroy();
      resolve("accepted");
    });
    socket.once("timeout", () => {
      socket.destroy();
      reject(new Error(`no answer from ${listen.host}:${listen.port} within ${attemptTimeoutMs} ms`));
    });
    socket.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNREFUSED") resolve("refused");
      else reject(error);
    });
  });
}
