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
  return [
    `## ${workload.name}`,
    "",
    workload.description,
    "",
    [
      `Functions: ${workload.functions.join(", ")}. Judged by the model \`${workload.model}\`${judge}.`,
      ...prefers,
    ].join(" "),
    ...table,
  ].join("\n");
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

This page is made by \`tools/generated-docs.ts\`.
`;
}
