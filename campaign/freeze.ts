// Everything held still at the moment of a violation: all nodes paused at once, the nemesis stopped, data directories and last statuses copied, and a line
// for each node that tells how to get at it. After a time, or when the user asks for it, everything goes on to its ordinary end.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { ClusterError, type Cluster, type NodeName, type StatusSample } from "../cluster/index.js";
import { writeJson } from "./store.js";

export interface FreezeOptions {
  readonly cluster: Cluster;
  /** The run's directory. */
  readonly directory: string;
  /** How long the nodes stay frozen after all was copied; 0: not at all. */
  readonly waitMs: number;
  /** Ends the wait: Ctrl-C. */
  readonly signal: AbortSignal;
  readonly statusOf: (node: NodeName) => StatusSample | null;
  note(text: string): void;
}

/** What became of one node. */
export interface FrozenNode {
  readonly node: string;
  /** `down`: it did not run. */
  readonly state: "paused" | "down" | "not paused";
  /** From the detection of the violation until the pause was carried out: the signal sent, the engine's answer. */
  readonly asked_after_ms: number | null;
  /** From the detection until the kernel, or the engine, was seen to say that it is paused. */
  readonly confirmed_after_ms: number | null;
  /** How to get at it. */
  readonly attach: string | null;
  /** Relative to the run's directory; null where it could not be copied. */
  readonly data: string | null;
  readonly problem: string | null;
}

/** `frozen/frozen.json`. */
export interface FrozenReport {
  readonly version: 1;
  /** From the detection until the last node was seen paused; null when one never was. */
  readonly all_paused_after_ms: number | null;
  readonly nodes: readonly FrozenNode[];
  readonly copied_ms: number;
  readonly held_ms: number;
  /** Null while it lasts. */
  readonly released: "nobody waits" | "the time was over" | "asked to" | null;
}

/** A pause that is not seen within this time is told as such. */
const confirmWithinMs = 5_000;
const confirmPollMs = 2;
const thawPollMs = 50;
const remindEveryMs = 60_000;

/** What changes a cluster; asked for while everything is frozen, it is refused. */
const changing: ReadonlySet<string | symbol> = new Set<keyof Cluster>([
  "start",
  "kill",
  "terminate",
  "pause",
  "resume",
  "cut",
  "heal",
  "shape",
  "healEverything",
  "disableAllLinks",
  "wipe",
  "damageDisk",
  "limitCpu",
  "limitMemory",
  "setClock",
]);

export class Freeze {
  readonly #options: FreezeOptions;
  #frozen = false;
  #frozenAtMs = 0;
  #heldMs = 0;
  #done: Promise<FrozenReport> | null = null;
  report: FrozenReport | null = null;

  constructor(options: FreezeOptions) {
    this.#options = options;
    // Everything here comes before whatever else is done at an interruption: healing must find the cluster open.
    options.signal.addEventListener("abort", () => this.#open(), { once: true });
  }

  get begun(): boolean {
    return this.#done !== null;
  }

  /** Milliseconds of a clock that stands still while everything is frozen: nobody's patience runs out meanwhile. */
  nowMs = (): number => (this.#frozen ? this.#frozenAtMs : performance.now()) - this.#heldMs;

  /** As a timer, but it does not end while everything is frozen. */
  delay = async (ms: number, signal: AbortSignal): Promise<void> => {
    await elapse(ms, signal);
    while (this.#frozen && !signal.aborted) await elapse(thawPollMs, signal);
  };

  /** The cluster as the nemesis sees it: nothing can be changed while it is frozen. */
  guarded(cluster: Cluster): Cluster {
    return new Proxy(cluster, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== "function") return value;
        return (...words: readonly unknown[]): unknown =>
          this.#frozen && changing.has(name)
            ? Promise.reject(new ClusterError("everything is frozen, as a violation was seen"))
            : Reflect.apply(value, target, words);
      },
    });
  }

  /** Pauses every node at once. Resolves after the release, when the nodes run again; the first call counts. */
  begin(): Promise<FrozenReport> {
    this.#done ??= this.#freeze(performance.now());
    return this.#done;
  }

  /** Resolves at once where nothing was frozen. */
  async done(): Promise<void> {
    await this.#done;
  }

  #open(): void {
    if (this.#frozen) this.#heldMs += performance.now() - this.#frozenAtMs;
    this.#frozen = false;
  }

  async #freeze(detectedMs: number): Promise<FrozenReport> {
    const { cluster, note, directory, signal, waitMs } = this.#options;
    this.#frozenAtMs = detectedMs;
    this.#frozen = !signal.aborted;
    const paused = await Promise.all(cluster.nodes.map((node) => this.#pause(node, detectedMs)));
    const after = paused.map(({ confirmed_after_ms: ms }) => ms).filter((ms) => ms !== null);
    const complete = paused.every(({ state }) => state !== "not paused") && after.length > 0;
    const allMs = complete ? Math.max(...after) : null;
    note(
      allMs === null
        ? "frozen: not every node could be paused"
        : `frozen: ${after.length} nodes seen paused, the last ${allMs.toFixed(1)} ms after the violation was seen (${askedWords(paused)})`,
    );
    const copyMs = performance.now();
    const nodes = await Promise.all(paused.map((node) => this.#keep(node)));
    const copied_ms = Math.round(performance.now() - copyMs);
    for (const { node, attach, problem } of nodes)
      note(`frozen: ${node}  ${[attach, problem].filter(Boolean).join("; ")}`);
    note(`frozen: data directories and statuses are in ${join(directory, "frozen")}`);
    const heldMs = (): number => Math.round(performance.now() - detectedMs);
    const sofar: FrozenReport = {
      version: 1,
      all_paused_after_ms: allMs,
      nodes,
      copied_ms,
      held_ms: heldMs(),
      released: null,
    };
    this.#write(sofar);
    const released = await this.#wait(waitMs);
    const held_ms = heldMs();
    this.#open();
    await this.#resume(nodes);
    const report = { ...sofar, held_ms, released };
    this.#write(report);
    this.report = report;
    note(`frozen: released after ${(held_ms / 1000).toFixed(1)} s (${released})`);
    return report;
  }

  #write(report: FrozenReport): void {
    writeJson(join(this.#options.directory, "frozen", "frozen.json"), report);
  }

  async #pause(name: NodeName, detectedMs: number): Promise<FrozenNode> {
    const { cluster } = this.#options;
    const node: FrozenNode = {
      node: name,
      state: "not paused",
      asked_after_ms: null,
      confirmed_after_ms: null,
      attach: null,
      data: null,
      problem: null,
    };
    // One that a fault has paused already, or ended, cannot be paused: what counts is what is seen.
    const problem = await cluster.pause(name).then(() => null, messageOf);
    const asked_after_ms = problem === null ? sinceMs(detectedMs) : null;
    const giveUpMs = performance.now() + confirmWithinMs;
    for (;;) {
      const state = await cluster.observeProcess(name).then(
        (seen) => seen.state,
        () => null,
      );
      if (state === "paused") return { ...node, state, asked_after_ms, confirmed_after_ms: sinceMs(detectedMs) };
      if (state === "exited" || state === "never-started") return { ...node, state: "down" };
      if (performance.now() > giveUpMs) return { ...node, problem: problem ?? "it was not seen to pause" };
      await elapse(confirmPollMs, this.#options.signal);
    }
  }

  /** Its data directory and its last status, in `frozen/<node>`. */
  async #keep(frozen: FrozenNode): Promise<FrozenNode> {
    const { cluster, directory, statusOf } = this.#options;
    const node = cluster.nodes.find((name) => name === frozen.node);
    if (node === undefined) return frozen;
    const folder = join(directory, "frozen", node);
    const data = join(folder, "data");
    let problem = frozen.problem;
    try {
      await mkdir(folder, { recursive: true });
      writeJson(join(folder, "status.json"), statusOf(node));
      await cluster.inspection?.copyData(node, data);
    } catch (error) {
      problem = [problem, `its data could not be copied: ${messageOf(error)}`].filter(Boolean).join("; ");
    }
    const attach = (await cluster.inspection?.attachLine(node).catch(messageOf)) ?? null;
    return { ...frozen, attach, data: problem === null ? join("frozen", node, "data") : null, problem };
  }

  async #wait(ms: number): Promise<FrozenReport["released"]> {
    const { note, signal } = this.#options;
    if (ms === 0) return "nobody waits";
    const endMs = performance.now() + ms;
    for (let left = ms; left > 0 && !signal.aborted; left = endMs - performance.now()) {
      note(`frozen: for ${Math.ceil(left / 1000)} s more; Ctrl-C releases the nodes and cleans up`);
      await elapse(Math.min(left, remindEveryMs), signal);
    }
    return signal.aborted ? "asked to" : "the time was over";
  }

  /** A node that a fault had paused is resumed too: the run is over for every fault. */
  async #resume(nodes: readonly FrozenNode[]): Promise<void> {
    const { cluster, note } = this.#options;
    await Promise.all(
      cluster.nodes.map(async (name) => {
        if (nodes.find(({ node }) => node === name)?.state !== "paused") return;
        await cluster.resume(name).catch((error: unknown) => note(`${name} was not resumed: ${messageOf(error)}`));
      }),
    );
  }
}

const sinceMs = (ms: number): number => Math.round((performance.now() - ms) * 10) / 10;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function elapse(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, Math.max(0, ms));
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted) end();
  });
}

function askedWords(nodes: readonly FrozenNode[]): string {
  const asked = nodes.flatMap(({ asked_after_ms: ms }) => (ms === null ? [] : [ms]));
  return asked.length === 0 ? "by faults before" : `carried out after ${Math.max(...asked).toFixed(1)} ms`;
}
