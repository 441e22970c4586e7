// Which room may import which, as data. The table is the one of ARCHITECTURE.md; `check-imports.ts` holds the code to it.

/** `value`: anything; `type`: only `import type`. */
export type Permission = "value" | "type";

export interface Room {
  /** Rooms it may import, by name, and how. */
  readonly may: Readonly<Record<string, Permission>>;
}

const value = (...rooms: string[]): Record<string, Permission> =>
  Object.fromEntries(rooms.map((room) => [room, "value"]));
const type = (...rooms: string[]): Record<string, Permission> =>
  Object.fromEntries(rooms.map((room) => [room, "type"]));

const allButCliAndBench = [
  "history",
  "checker",
  "cluster",
  "nemesis",
  "workloads",
  "system",
  "toxiproxy",
  "simulation",
  "local",
  "docker",
  "mutants",
  "reports",
];

export const rooms: Readonly<Record<string, Room>> = {
  history: { may: {} },
  checker: { may: value("history") },
  cluster: { may: value("history") },
  nemesis: { may: value("history", "cluster") },
  workloads: { may: value("history", "checker", "cluster") },
  system: { may: type("cluster") },
  toxiproxy: { may: {} },
  simulation: { may: value("history", "cluster") },
  local: { may: value("cluster", "toxiproxy") },
  docker: { may: value("cluster", "toxiproxy") },
  mutants: { may: value("cluster") },
  campaign: { may: value(...allButCliAndBench) },
  reports: { may: { ...value("history", "checker"), ...type("cluster", "nemesis") } },
  cli: { may: value(...allButCliAndBench, "campaign") },
  vitest: { may: value("history", "checker", "cluster", "campaign") },
  bench: { may: value(...allButCliAndBench, "campaign", "cli") },
};

/** Node's own modules that would bring input, output, time or chance into the pure core. Any import of a package there is wrong. */
export const pureFolders: readonly string[] = ["system/core/"];

/** Tests join rooms freely; they are no part of the product. */
export function isTest(path: string): boolean {
  return path.endsWith(".test.ts") || path.includes("/testing/");
}
