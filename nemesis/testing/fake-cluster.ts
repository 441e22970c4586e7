// A cluster made of numbers, for tests of the executor: processes with pids and CPU time, links on which every live node talks
// to every other, all in virtual time. It can be told to lie: to answer a call and do nothing, or to do it to another link.
import {
  capabilityNames,
  linkName,
  type Capabilities,
  type Cluster,
  type CutMode,
  type DirectedLink,
  type LinkShape,
  type NodeName,
  type ProcessObservation,
} from "../../cluster/index.js";
import { linksAmong } from "../view.js";

export type Call = "kill" | "terminate" | "start" | "pause" | "resume" | "cut" | "heal" | "shape" | "healEverything";

export interface Lies {
  /** These calls answer and do nothing. */
  readonly ignores?: readonly Call[];
  /** These calls reject and do nothing. */
  readonly rejects?: readonly Call[];
  /** Cuts and shapes are done to this link instead. */
  readonly instead?: (link: DirectedLink) => DirectedLink;
  /** CPU time goes on while paused: only the state is a pretence. */
  readonly pausesInNameOnly?: boolean;
  /** A restart brings a process that is never ready. */
  readonly neverReady?: boolean;
  /** A node whose disk was damaged ends as soon as it is started, with exit code 1; otherwise it does not notice. */
  readonly refusesDamage?: boolean;
  /** There is nothing on the disks that could be damaged. */
  readonly emptyDisks?: boolean;
}

interface FakeProcess {
  state: "running" | "paused" | "exited";
  pid: number;
  incarnation: number;
  cpuTimeMs: number;
  damaged?: boolean;
}

interface FakeLink {
  readonly link: DirectedLink;
  mode: CutMode | null;
  shape: LinkShape | null;
  offered: number;
  delivered: number;
  held: number;
  readonly late: { readonly dueMs: number; readonly bytes: number }[];
}

const stepMs = 10;
const bytesPerStep = 30;

export const allCapabilities = Object.fromEntries(
  capabilityNames.map((name) => [name, { able: true }]),
) as unknown as Capabilities;

export interface FakeCluster extends Cluster {
  readonly calls: readonly string[];
  crash(node: NodeName): void;
  whole(): boolean;
}

export function createFakeCluster(nodes: readonly NodeName[], nowMs: () => number, lies: Lies = {}): FakeCluster {
  const calls: string[] = [];
  const processes = new Map<NodeName, FakeProcess>(
    nodes.map((node, index) => [node, { state: "running", pid: 100 + index, incarnation: 1, cpuTimeMs: 0 }]),
  );
  const links = new Map<string, FakeLink>(
    linksAmong(nodes).map((link) => [
      linkName(link),
      { link, mode: null, shape: null, offered: 0, delivered: 0, held: 0, late: [] },
    ]),
  );
  let reachedMs = 0;

  const processOf = (node: NodeName): FakeProcess => {
    const found = processes.get(node);
    if (found === undefined) throw new Error(`no node ${node}`);
    return found;
  };

  function step(atMs: number): void {
    for (const process of processes.values())
      if (process.state === "running" || (process.state === "paused" && lies.pausesInNameOnly)) process.cpuTimeMs += 1;
    for (const link of links.values()) {
      while (link.late[0] !== undefined && link.late[0].dueMs <= atMs) link.delivered += link.late.shift()?.bytes ?? 0;
      const ends = [processOf(link.link.from), processOf(link.link.to)];
      if (ends.some(({ state }) => state !== "running") || link.mode === "reset") continue;
      link.offered += bytesPerStep;
      if (link.mode === "stall") link.held += bytesPerStep;
      else if (link.mode === null && link.shape?.latencyMs !== undefined)
        link.late.push({ dueMs: atMs + link.shape.latencyMs, bytes: bytesPerStep });
      else if (link.mode === null && link.shape?.bandwidthKbPerS !== undefined) {
        link.held += bytesPerStep;
        const passed = Math.min(link.held, link.shape.bandwidthKbPerS * stepMs);
        link.held -= passed;
        link.delivered += passed;
      } else if (link.mode === null) link.delivered += bytesPerStep;
    }
  }
  /** Lets the cluster live until now. */
  function live(): void {
    for (; reachedMs + stepMs <= nowMs(); reachedMs += stepMs) step(reachedMs + stepMs);
  }

  async function call(name: Call, what: string, action: () => void): Promise<void> {
    live();
    calls.push(`${name} ${what}`.trim());
    await Promise.resolve();
    if (lies.rejects?.includes(name)) throw new Error(`${name} was refused`);
    if (!lies.ignores?.includes(name)) action();
  }
  const linksOf = (asked: readonly DirectedLink[]): FakeLink[] =>
    asked.map((link) => {
      const found = links.get(linkName(lies.instead?.(link) ?? link));
      if (found === undefined) throw new Error(`no link ${linkName(link)}`);
      return found;
    });
  function mend(link: FakeLink): void {
    link.delivered += link.held + link.late.reduce((sum, { bytes }) => sum + bytes, 0);
    Object.assign(link, { mode: null, shape: null, held: 0 });
    link.late.length = 0;
  }
  const refuses = ({ damaged = false }: FakeProcess): boolean => damaged && lies.refusesDamage === true;
  function start(node: NodeName): void {
    const process = processOf(node);
    if (process.state === "exited")
      Object.assign(process, {
        state: refuses(process) ? "exited" : "running",
        pid: process.pid + 100,
        incarnation: process.incarnation + 1,
        cpuTimeMs: 0,
      });
  }
  const set = (node: NodeName, state: FakeProcess["state"]): void => void (processOf(node).state = state);

  return {
    kind: "local",
    nodes,
    capabilities: allCapabilities,
    calls,
    crash: (node) => set(node, "exited"),
    whole: () =>
      [...processes.values()].every(({ state }) => state === "running") &&
      [...links.values()].every(({ mode, shape }) => mode === null && shape === null),
    boot: () => Promise.resolve({ bootMs: 0, details: {} }),
    onEvent: () => undefined,
    clientAddress: () => ({ host: "127.0.0.1", port: 1 }),
    adminAddress: () => ({ host: "127.0.0.1", port: 1 }),
    status(node) {
      live();
      const process = processOf(node);
      if (process.state !== "running") return Promise.reject(new Error("no answer"));
      const ready = !(lies.neverReady === true && process.incarnation > 1);
      return Promise.resolve({ node, ready, incarnation: process.incarnation, groups: [], suspected: [] });
    },
    start: (node) => call("start", node, () => start(node)),
    kill: (node) => call("kill", node, () => set(node, "exited")),
    terminate: (node) => call("terminate", node, () => set(node, "exited")),
    pause: (node) => call("pause", node, () => set(node, "paused")),
    resume: (node) => call("resume", node, () => set(node, "running")),
    observeProcess(node): Promise<ProcessObservation> {
      live();
      const { state, pid, incarnation, cpuTimeMs } = processOf(node);
      const gone = state === "exited";
      return Promise.resolve({
        node,
        state,
        pid: gone ? null : pid,
        incarnation: gone && !refuses(processOf(node)) ? null : `${pid}@${incarnation}`,
        cpuTimeMs: gone ? null : cpuTimeMs,
        exitCode: gone && refuses(processOf(node)) ? 1 : null,
        exitSignal: gone && !refuses(processOf(node)) ? "SIGKILL" : null,
      });
    },
    cut: (asked, mode) =>
      call("cut", `${mode} ${asked.map(linkName).join(" ")}`, () => {
        for (const link of linksOf(asked)) link.mode = mode;
      }),
    heal: (asked) => call("heal", asked.map(linkName).join(" "), () => linksOf(asked).forEach(mend)),
    shape: (asked, shape) =>
      call("shape", asked.map(linkName).join(" "), () => {
        for (const link of linksOf(asked)) link.shape = shape;
      }),
    observeLinks() {
      live();
      return Promise.resolve(
        [...links.values()].map((link) => ({
          link: link.link,
          offeredBytes: link.offered,
          deliveredBytes: link.delivered,
          openConnections: link.mode === "reset" ? 0 : 1,
          acceptedConnections: 1,
          refusedConnections: null,
        })),
      );
    },
    attempt: (link) => Promise.resolve(links.get(linkName(link))?.mode === "reset" ? "refused" : "accepted"),
    disableAllLinks: () => Promise.resolve(),
    healEverything: () =>
      call("healEverything", "", () => {
        for (const link of links.values()) mend(link);
        for (const node of nodes) start(node);
        for (const process of processes.values()) if (!refuses(process)) process.state = "running";
      }),
    async damageDisk(node) {
      live();
      await Promise.resolve();
      if (lies.emptyDisks === true) throw new Error("nothing on the disk was durable before its last batch");
      processOf(node).damaged = true;
    },
    teardown: () => Promise.resolve({ teardownMs: 0, leftBehind: [] }),
  };
}
