// What the host's kernel says of a container's processes, where the host can see them: not when the engine runs in a virtual
// machine. Everything here answers null rather than guess.
import { readFile, readdir } from "node:fs/promises";

/** /proc counts CPU time in hundredths of a second on every Linux (USER_HZ). */
const msPerTick = 10;
const maxProcesses = 1_000;

/** The control group paths of a process, by controller ("" for version 2); null when it is no process of this container. */
export async function readCgroups(pid: number, containerId: string): Promise<ReadonlyMap<string, string> | null> {
  const text = await readFile(`/proc/${pid}/cgroup`, "utf8").catch(() => null);
  // A process of that number on a host that is not the engine's would not carry the container's id.
  if (text === null || !text.includes(containerId)) return null;
  return parseCgroups(text);
}

export function parseCgroups(text: string): ReadonlyMap<string, string> {
  const paths = new Map<string, string>();
  for (const line of text.trim().split("\n")) {
    const match = /^\d+:([^:]*):(.*)$/.exec(line);
    for (const controller of match?.[1]?.split(",") ?? []) paths.set(controller, match?.[2] ?? "");
  }
  return paths;
}

/** Whether the kernel holds the container's processes frozen. */
export async function isFrozen(cgroups: ReadonlyMap<string, string>): Promise<boolean | null> {
  const freezer = cgroups.get("freezer");
  const unified = cgroups.get("");
  const first = async (...paths: readonly string[]) => {
    for (const path of paths) {
      const text = await readFile(path, "utf8").catch(() => null);
      if (text !== null) return text.trim();
    }
    return null;
  };
  if (freezer !== undefined) {
    const state = await first(`/sys/fs/cgroup/freezer${freezer}/freezer.state`);
    if (state !== null) return state === "FROZEN";
  }
  if (unified !== undefined) {
    const events = await first(
      `/sys/fs/cgroup${unified}/cgroup.events`,
      `/sys/fs/cgroup/unified${unified}/cgroup.events`,
    );
    if (events !== null && events.includes("frozen")) return /^frozen 1$/m.test(events);
  }
  return null;
}

/** How long the container's processes were held back for want of CPU quota, in ms. */
export async function throttledTime(cgroups: ReadonlyMap<string, string>): Promise<number | null> {
  const [cpu, unified] = [cgroups.get("cpu"), cgroups.get("")];
  const paths = [
    ...(cpu === undefined ? [] : [`/sys/fs/cgroup/cpu${cpu}/cpu.stat`, `/sys/fs/cgroup/cpu,cpuacct${cpu}/cpu.stat`]),
    ...(unified === undefined ? [] : [`/sys/fs/cgroup${unified}/cpu.stat`]),
  ];
  for (const path of paths) {
    const text = await readFile(path, "utf8").catch(() => null);
    const found = text === null ? null : parseThrottled(text);
    if (found !== null) return found;
  }
  return null;
}

/** `cpu.stat`: version 1 counts nanoseconds, version 2 microseconds. */
export function parseThrottled(text: string): number | null {
  const [, nanoseconds] = /^throttled_time (\d+)$/m.exec(text) ?? [];
  if (nanoseconds !== undefined) return Number(nanoseconds) / 1e6;
  const [, microseconds] = /^throttled_usec (\d+)$/m.exec(text) ?? [];
  return microseconds === undefined ? null : Number(microseconds) / 1e3;
}

/** User and system time of a process and all that descend from it. The container's first process is only its init. */
export async function cpuTimeOfTree(pid: number): Promise<number | null> {
  let ticks = 0;
  const open = [pid];
  for (let count = 0; count < maxProcesses; count++) {
    const current = open.pop();
    if (current === undefined) break;
    const own = await readTicks(current);
    if (own === null && current === pid) return null;
    ticks += own ?? 0;
    open.push(...(await childrenOf(current)));
  }
  return ticks * msPerTick;
}

async function readTicks(pid: number): Promise<number | null> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => null);
  if (stat === null) return null;
  // `man proc_pid_stat`: fields 14 and 15; the name in parentheses may hold anything.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11]) + Number(fields[12]);
}

async function childrenOf(pid: number): Promise<readonly number[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, "utf8").catch(() => "")),
  );
  return lists
    .flatMap((list) => list.trim().split(/\s+/))
    .filter((text) => text !== "")
    .map(Number);
}
