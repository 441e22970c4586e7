// Who owns a run, told so that another process can find out later whether the owner still lives. A pid alone cannot: it is
// reused. A pid with its start time can, until the machine boots again; the boot id covers that.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

export interface Owner {
  readonly pid: number;
  /** Opaque; equal for equal processes. On Linux clock ticks since boot. */
  readonly startTime: string;
  /** Opaque; changes when the machine boots. */
  readonly bootId: string;
}

/** What a clean-up did, in sentences a user can read. Each list is empty when there was nothing of its kind. */
export interface CleanReport {
  readonly removed: readonly string[];
  /** Runs that were left alone, because their owner lives. */
  readonly kept: readonly string[];
  /** What should have gone and did not. */
  readonly failed: readonly string[];
}

/** Start time of a process as the system tells it, or null when there is no such process. */
export function startTimeOf(pid: number): string | null {
  if (process.platform !== "linux") return fromCommand("ps", ["-o", "lstart=", "-p", String(pid)]);
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the program's name in parentheses and may hold anything, parentheses and spaces included.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const state = fields[0];
    if (state === "Z" || state === "X") return null;
    return fields[19] ?? null;
  } catch {
    return null;
  }
}

export function bootId(): string {
  const id =
    process.platform === "linux"
      ? readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()
      : fromCommand("sysctl", ["-n", "kern.boottime"]);
  return id ?? "unknown";
}

/** This process. */
export function currentOwner(): Owner {
  const startTime = startTimeOf(process.pid);
  if (startTime === null) throw new Error("the start time of this process cannot be read");
  return { pid: process.pid, startTime, bootId: bootId() };
}

export function ownerLives(owner: Owner): boolean {
  return owner.bootId === bootId() && startTimeOf(owner.pid) === owner.startTime;
}

/** For labels and files; the inverse of `parseOwner`. */
export function formatOwner(owner: Owner): string {
  return JSON.stringify({ pid: owner.pid, startTime: owner.startTime, bootId: owner.bootId });
}

/** Null when the text is not an owner: whatever carries it is then not ours to remove. */
export function parseOwner(text: string): Owner | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return null;
    const { pid, startTime, bootId } = value as Record<string, unknown>;
    if (typeof pid !== "number" || typeof startTime !== "string" || typeof bootId !== "string") return null;
    return { pid, startTime, bootId };
  } catch {
    return null;
  }
}

function fromCommand(command: string, args: readonly string[]): string | null {
  try {
    const text = execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
    return text === "" ? null : text;
  } catch {
    return null;
  }
}
