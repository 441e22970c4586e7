// Byte counts of a real Toxiproxy, read from the kernel's counters of its sockets: its own counters move only when a
// connection closes.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { CounterSource, MeshView } from "./counter-source.js";
import { Ledger } from "./kernel/ledger.js";
import { sortSides } from "./kernel/sides.js";
import { parseSs } from "./kernel/ss.js";
import type { LinkCounters, ReadTime } from "./types.js";

/** What `ss` said, and between when it was asked. */
export interface SsReading {
  readonly output: string;
  readonly read: ReadTime;
}

export interface KernelCountersOptions {
  /**
   * The output of `ss -tineHO` in the network namespace of the Toxiproxy. Locally: `runSsLocally`; docker: run in the
   * container's namespace.
   */
  readonly runSs: () => Promise<SsReading>;
  /** Only sockets of this process count; needs `-p` in the output. Not needed where nodes talk through the mesh only. */
  readonly pid?: number;
  /** Pairing needs samples while connections live. Default 200. */
  readonly sampleEveryMs?: number;
}

/**
 * Bytes of sockets that vanish between two samples are counted as of the last one. No two proxies' upstream addresses may be
 * equal but those of links to one node: give clients a port of their own.
 */
export function kernelCounters(options: KernelCountersOptions): CounterSource {
  const ledger = new Ledger();
  return {
    kind: "kernel",
    sampleEveryMs: options.sampleEveryMs ?? 200,
    async sample<Node extends string>(view: MeshView<Node>): Promise<readonly LinkCounters<Node>[]> {
      const { output, read } = await options.runSs();
      const all = parseSs(output);
      const own = options.pid === undefined ? all : all.filter(({ pid }) => pid === options.pid);
      ledger.enter(view, sortSides(view, own));
      return ledger.counters(view).map((counters) => ({ ...counters, read }));
    },
  };
}

const runFile = promisify(execFile);
const ssTimeoutMs = 3000;
const ssBytesMax = 64 << 20;

/** `ss -tineHO` of this machine. Rejects when `ss` is missing. */
export async function runSsLocally(): Promise<SsReading> {
  const startedMs = performance.now();
  const { stdout } = await runFile("ss", ["-tineHO"], { timeout: ssTimeoutMs, maxBuffer: ssBytesMax });
  return { output: stdout, read: { startedMs, endedMs: performance.now() } };
}
