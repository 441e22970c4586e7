// Byte counts of a real Toxiproxy, read from the kernel's counters of its sockets.
import type { CounterSource } from "./counter-source.js";

export interface KernelCountersOptions {
  /**
   * The output of `ss -tinpHO` (or `-tinHO`) in the network namespace of the Toxiproxy. Locally: `runSsLocally`; docker: run
   * in the container's namespace.
   */
  readonly runSs: () => Promise<string>;
  /** On a shared namespace: only sockets of this process count (needs `-p`). */
  readonly pid?: number;
  /** Pairing needs samples while connections live. Default 200. */
  readonly sampleEveryMs?: number;
}

export function kernelCounters(_options: KernelCountersOptions): CounterSource {
  throw new Error("not built yet");
}

/** `ss -tinpHO` of this machine. Rejects when `ss` is missing. */
export async function runSsLocally(): Promise<string> {
  throw new Error("not built yet");
}
