// What a run says of itself while it goes. Plain values; the command line draws them, tests read them.

/** A moment of a run. */
export interface Progress {
  readonly phase: "boot" | "load" | "heal" | "quiet" | "final-read" | "collect" | "check" | "report" | "done";
  readonly elapsedMs: number;
  readonly timeLimitMs: number;
  readonly ok: number;
  readonly fail: number;
  readonly info: number;
  readonly inFlight: number;
  /** Faults in force now, e.g. "kill n3". */
  readonly active: readonly string[];
  readonly faultsConfirmed: number;
  readonly faultsPlanned: number;
}

export interface RunObserver {
  /** A sentence worth a line of its own: boot details, a fault, trouble. */
  note(text: string): void;
  progress(progress: Progress): void;
}

export const silentObserver: RunObserver = { note: () => undefined, progress: () => undefined };

const count = new Intl.NumberFormat("en-US");

/** One line for a terminal, about 100 columns wide. */
export function progressLine(progress: Progress): string {
  if (progress.phase === "check") return "judging the stored history";
  if (progress.phase === "report") return "writing the report";
  const seconds = (progress.elapsedMs / 1000).toFixed(1);
  const clock =
    progress.phase === "load" ? `${seconds} / ${(progress.timeLimitMs / 1000).toFixed(0)} s` : `${seconds} s`;
  const done = progress.ok + progress.fail + progress.info;
  const rate = progress.elapsedMs > 0 ? Math.round((done * 1000) / progress.elapsedMs) : 0;
  const parts = [
    progress.phase.padEnd(10),
    clock,
    `${count.format(done)} ops (${count.format(rate)}/s)`,
    `ok ${count.format(progress.ok)} fail ${count.format(progress.fail)} info ${count.format(progress.info)}`,
    `faults ${progress.faultsConfirmed}/${progress.faultsPlanned}`,
  ];
  if (progress.active.length > 0) parts.push(progress.active.join(", "));
  return parts.join("  ");
}
