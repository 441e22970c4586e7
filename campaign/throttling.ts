// How often and for how long the kernel held this process back because its control group had used up its share of processor time.
// Containers of CI systems have such shares; a run that was held back looks like a system that was slow.
import { readFileSync } from "node:fs";

export interface Throttling {
  readonly periods: number;
  readonly ms: number;
}

/** Since the group was made; null where the kernel does not tell. */
export function readThrottling(): Throttling | null {
  const groups = readText("/proc/self/cgroup");
  for (const path of groups === null ? [] : statFiles(groups)) {
    const text = readText(path);
    const told = text === null ? null : parseThrottling(text);
    if (told !== null) return told;
  }
  return null;
}

/** For the history: what came to it since; nothing where the kernel does not tell. */
export function throttledSince(
  before: Throttling | null,
): { readonly throttled_ms: number; readonly throttled_periods: number } | null {
  const now = before === null ? null : readThrottling();
  if (before === null || now === null) return null;
  return { throttled_ms: Math.round(now.ms - before.ms), throttled_periods: now.periods - before.periods };
}

/** Where the counts of this process's own group may be, from the text of /proc/self/cgroup; version 1 first. */
export function statFiles(groups: string): readonly string[] {
  const of = (wanted: (controllers: readonly string[]) => boolean): readonly string[] =>
    groups.split("\n").flatMap((line) => {
      const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
      if (controllers === undefined || path === undefined || !wanted(controllers.split(","))) return [];
      return [path === "/" ? "" : path];
    });
  return [
    // Inside a container the path may be the host's: then the root that is mounted there is the container's own group.
    ...of((names) => names.includes("cpu")).flatMap((path) =>
      ["cpu", "cpu,cpuacct"].flatMap((folder) => own(`/sys/fs/cgroup/${folder}`, path)),
    ),
    ...of((names) => names.includes("")).flatMap((path) => own("/sys/fs/cgroup", path)),
  ];
}

function own(root: string, path: string): readonly string[] {
  return path === "" ? [`${root}/cpu.stat`] : [`${root}${path}/cpu.stat`, `${root}/cpu.stat`];
}

/** `cpu.stat`: version 1 counts nanoseconds, version 2 microseconds. */
export function parseThrottling(text: string): Throttling | null {
  const figure = (name: string): number | null => {
    const [, digits] = new RegExp(`^${name} (\\d+)$`, "m").exec(text) ?? [];
    return digits === undefined ? null : Number(digits);
  };
  const periods = figure("nr_throttled");
  const [nanoseconds, microseconds] = [figure("throttled_time"), figure("throttled_usec")];
  if (periods === null) return null;
  if (nanoseconds !== null) return { periods, ms: nanoseconds / 1e6 };
  return microseconds === null ? null : { periods, ms: microseconds / 1e3 };
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
