// docs/workloads.md, made from the registry so that it cannot go stale.
import type { Workload } from "./workload.js";

function section(workload: Workload): string {
  const options = workload.ownOptions.map(
    (option) => `| \`${option.name}\` | ${JSON.stringify(option.default)} | ${option.meaning} |`,
  );
  const table = options.length === 0 ? [] : ["", "| option | default | meaning |", "| --- | --- | --- |", ...options];
  const { keys, nodes } = workload.prefers ?? {};
  const sizes = [keys === undefined ? "" : `with ${keys} keys`, nodes === undefined ? "" : `on ${nodes} nodes`];
  const preferred = sizes.filter((size) => size !== "").join(" ");
  const prefers = preferred === "" ? [] : [`Runs ${preferred} unless told otherwise.`];
  const judge = workload.judgedBy === undefined ? "" : ` and by ${workload.judgedBy}`;
  const floors = Object.entries(workload.floorsBeyond ?? {}).map(
    ([floor, why]) => `No preset asks it for the floor \`${floor}\`: ${why}.`,
  );
  return [
    `## ${workload.name}`,
    "",
    workload.description,
    "",
    [
      `Functions: ${workload.functions.join(", ")}. Judged by the model \`${workload.model}\`${judge}.`,
      ...prefers,
      ...floors,
    ].join(" "),
    ...table,
  ].join("\n");
}

/**
 * Measured, not worked out: the bugs are those of the catalog and of `testing/planted-bugs.ts`, the figures those of the runs that the page
 * describes.
 */
const finds: readonly (readonly [workload: string, bug: string, found: string, others: string])[] = [
  [
    "register-small",
    "a cas that finds its new value there already is taken for a repetition and answered ok",
    "8 of 8, after 9 operations",
    "unique-ids 8 of 8 after 15, scenario-2 after 17, failover after 29",
  ],
  [
    "cas-contention",
    "two cas on a key that are decided one after the other are both held against what was there before the first",
    "8 of 8, after 10 operations",
    "register-small 8 of 8 after 15, unique-ids after 16",
  ],
  ["set", "a value longer than 64 characters is cut off", "8 of 8", "none"],
  ["counter", "a sign is lost: what is below zero is stored as if it were above", "8 of 8", "none"],
  [
    "mutex",
    "a get of the key that the same connection has just swapped is answered from the local map",
    "8 of 8, after 2.8 s",
    "counter 7 of 8, unique-ids 6 of 8",
  ],
  [
    "monotonic",
    "a number is kept in eight bits: after 255 comes 0",
    "8 of 8, after 3.4 s",
    "set 8 of 8 after 4.4 s, unique-ids 8 of 8 after 7.2 s",
  ],
  ["failover", "M33, no deduplication", "4 of 8", "register, cas-contention and four others 2 of 8"],
  ["mixed", "the map holds eight keys and forgets the oldest for another", "5 of 8", "none"],
  [
    "scenario-1",
    "a key that reads as the number zero counts as none: what is written to it is lost",
    "8 of 8, after 22 operations",
    "none",
  ],
  [
    "scenario-2",
    "a number is kept in one byte: of 290 the low eight bits remain",
    "8 of 8, after 31 operations",
    "cas-contention 8 of 8 after 301, mixed 8 of 8 after 927",
  ],
  ["scenario-3", "a new leader is elected only when every member of the group answers", "8 of 8", "none"],
];

function findsTable(): string {
  const rows = finds.map((cells) => `| ${cells.join(" | ")} |`);
  return ["| workload | bug | found in | next best |", "| --- | --- | --- | --- |", ...rows].join("\n");
}

export function workloadsDocument(workloads: Iterable<Workload>): string {
  return `# Workloads

A workload says what the clients do and what judges their answers: \`--workload NAME\`; its own options stand in a plan file below
\`workload.options\`. Each is a pure state machine of its seed and of what it is told (\`workloads/generator.ts\`).

- Client threads are pinned: thread t asks node t mod n and no other, also while that node is cut off or deposed.
- Operations arrive in an open loop: when they are due is drawn from the seed, whether or not the system keeps up. An operation that
  finds no free thread waits and its latency counts from the moment it was due; when as many wait as there are threads, further
  ones are dropped, and the history says how many. \`loop: closed\` makes each thread wait for its answer instead, and then pause.
- Workloads of higher objects (sets, counters, locks, …) make one object of each key by a put and change it by cas. An arrival is then a
  whole task of gets and cas, which one thread does one after the other; an operation of unknown outcome ends its task. They are judged
  twice: what the store's clients saw by the model, and the history of the objects that follows from it by a checker of its own.
- After an operation of unknown outcome the thread goes on as another process with a new connection.
- After the load, the final heal and the quiet phase every key is read through every node by threads pinned to it.

${[...workloads].map(section).join("\n\n")}

## What each finds first

Each bug was planted in the store and each workload run against it eight times in simulation (\`npm run workloads:finds\`: seeds 1 to 8, standard
faults, 8 s of load, everything else at its default), judged by what the clients saw only. Operations and times are those of the history at the
violation, the median of the eight runs; a run without one counts as later than all others. Bugs with a number are in \`docs/mutants.md\`, the
others in \`workloads/testing/planted-bugs.ts\`. Workloads that are not named as the next best found it later, less often, or not at all.
\`register\` and \`unique-ids\` have no row: none of these bugs was found by one of them first.

${findsTable()}

This page is made by \`tools/generated-docs.ts\`.
`;
}
