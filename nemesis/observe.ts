// Looking at targets: one sample is everything that was asked about at (nearly) one moment. Reads take time, so a sample says
// when its reads began and ended, and whoever reasons about intervals uses the end that weakens the claim.
import {
  linkName,
  type Cluster,
  type DirectedLink,
  type DiskSpace,
  type PacketCounts,
  type WriteProbe,
  type LinkObservation,
  type NodeName,
  type NodeStatus,
  type ProcessObservation,
} from "../cluster/index.js";
import type { ClientControl, ClientCounts } from "./client-control.js";

/** What a watcher wants to see next. */
export interface Looks {
  readonly processes: readonly NodeName[];
  readonly ready: readonly NodeName[];
  readonly links: boolean;
  /** Nodes whose clocks are to be read, inside. */
  readonly clocks?: readonly NodeName[];
  /** Nodes whose disks are tried, by how many bytes. */
  readonly writes?: { readonly nodes: readonly NodeName[]; readonly bytes: number };
  /** Packets of the links of which some are being dropped. */
  readonly packets?: boolean;
  /** Nodes whose disks are looked at. */
  readonly disks?: readonly NodeName[];
  /** Nodes whose clients are looked at. */
  readonly clients?: readonly NodeName[];
  /** Fresh connection attempts: they cost the most, so they are asked for last. */
  readonly attempts: readonly DirectedLink[];
}

export interface Sample {
  readonly startedMs: number;
  readonly endedMs: number;
  readonly processes: ReadonlyMap<NodeName, ProcessObservation>;
  readonly ready: ReadonlyMap<NodeName, boolean>;
  readonly links: ReadonlyMap<string, LinkObservation>;
  readonly attempts: ReadonlyMap<string, "accepted" | "refused">;
  /** What the nodes say of their own clocks. */
  readonly clocks?: ReadonlyMap<NodeName, NonNullable<NodeStatus["clock"]>>;
  readonly clients?: ReadonlyMap<NodeName, ClientCounts>;
  readonly disks?: ReadonlyMap<NodeName, DiskSpace>;
  readonly writes?: ReadonlyMap<NodeName, WriteProbe>;
  /** By the link's name. Absent: not looked at, or not to be read. */
  readonly packets?: ReadonlyMap<string, PacketCounts>;
  /** What could not be read, a sentence each. */
  readonly failures: readonly string[];
}

export interface Observer {
  look(looks: Looks): Promise<Sample>;
}

/** Longest wait for one look at one thing. */
const lookTimeoutMs = 2_000;
/** A disk that is tried while it is slow takes half a second by itself, and more where the node writes too. */
const probeTimeoutMs = 6_000;

/** Rejects when `promise` takes longer than `limitMs`; the late result is ignored. */
export function bounded<T>(promise: Promise<T>, limitMs: number, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${what} took longer than ${limitMs} ms`)), limitMs);
    promise.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}

/**
 * Faults in different groups look at the links at the same time and one read covers all links: whoever asks while a read is
 * under way shares the next one, never the running one, which may have begun before its cut.
 */
function shared<T>(read: () => Promise<T>): () => Promise<T> {
  let running: Promise<unknown> | null = null;
  let next: Promise<T> | null = null;
  const start = (): Promise<T> => {
    const started = read();
    const ended = started.then(
      () => undefined,
      () => undefined,
    );
    running = ended;
    void ended.then(() => {
      if (running === ended) running = null;
    });
    return started;
  };
  return () => {
    if (running === null) return start();
    next ??= running.then(() => {
      next = null;
      return start();
    });
    return next;
  };
}

export function createObserver(cluster: Cluster, nowMs: () => number, clients: ClientControl | null = null): Observer {
  const readLinks = shared(() => bounded(cluster.observeLinks(), lookTimeoutMs, "reading the links"));

  async function isReady(node: NodeName): Promise<boolean> {
    // A node that does not answer is not ready: no failure of the observer.
    const signal = AbortSignal.timeout(lookTimeoutMs);
    return cluster.status(node, signal).then(
      (status) => status.ready,
      () => false,
    );
  }

  return {
    async look(looks) {
      const failures: string[] = [];
      const attempt = async (what: string, action: () => Promise<void>): Promise<void> => {
        await action().catch((error: unknown) => {
          failures.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
        });
      };
      const processes = new Map<NodeName, ProcessObservation>();
      const ready = new Map<NodeName, boolean>();
      const links = new Map<string, LinkObservation>();
      const clocks = new Map<NodeName, NonNullable<NodeStatus["clock"]>>();
      let packets: ReadonlyMap<string, PacketCounts> | null = null;
      const writes = new Map<NodeName, WriteProbe>();
      const disks = new Map<NodeName, DiskSpace>();
      const attempts = new Map<string, "accepted" | "refused">();
      const startedMs = nowMs();
      await Promise.all([
        ...looks.processes.map((node) =>
          attempt(`process of ${node}`, async () => {
            processes.set(node, await bounded(cluster.observeProcess(node), lookTimeoutMs, `looking at ${node}`));
          }),
        ),
        ...looks.ready.map(async (node) => {
          ready.set(node, await isReady(node));
        }),
        ...(looks.clocks ?? []).map((node) =>
          attempt(`clock of ${node}`, async () => {
            const { clock } = await cluster.status(node, AbortSignal.timeout(lookTimeoutMs));
            if (clock === undefined) throw new Error("its status does not tell what time it has");
            clocks.set(node, clock);
          }),
        ),
        ...(looks.packets === true
          ? [
              attempt("packets", async () => {
                if (cluster.observePackets === undefined) throw new Error("the cluster does not tell of packets");
                const counts = await bounded(cluster.observePackets(), lookTimeoutMs, "reading the packet rules");
                packets = new Map(counts.map((one) => [linkName(one.link), one]));
              }),
            ]
          : []),
        ...(looks.writes?.nodes ?? []).map((node) =>
          attempt(`writes of ${node}`, async () => {
            if (cluster.probeWrites === undefined) throw new Error("the cluster cannot try disks");
            const probe = cluster.probeWrites(node, looks.writes?.bytes ?? 0);
            writes.set(node, await bounded(probe, probeTimeoutMs, `trying the disk of ${node}`));
          }),
        ),
        ...(looks.disks ?? []).map((node) =>
          attempt(`disk of ${node}`, async () => {
            if (cluster.observeDisk === undefined) throw new Error("the cluster does not tell of disks");
            disks.set(node, await bounded(cluster.observeDisk(node), lookTimeoutMs, `the disk of ${node}`));
          }),
        ),
        ...(looks.links
          ? [
              attempt("links", async () => {
                for (const link of await readLinks()) links.set(linkName(link.link), link);
              }),
            ]
          : []),
        ...looks.attempts.map((link) =>
          attempt(`attempt ${linkName(link)}`, async () => {
            attempts.set(
              linkName(link),
              await bounded(cluster.attempt(link), lookTimeoutMs, `dialling ${linkName(link)}`),
            );
          }),
        ),
      ]);
      const counts = new Map(
        (looks.clients ?? []).flatMap((node) => (clients === null ? [] : [[node, clients.counts(node)]])),
      );
      const sample = {
        startedMs,
        endedMs: nowMs(),
        processes,
        ready,
        links,
        clocks,
        attempts,
        clients: counts,
        disks,
        writes,
        failures,
      };
      return packets === null ? sample : { ...sample, packets };
    },
  };
}
