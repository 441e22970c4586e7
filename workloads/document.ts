// docs/workloads.md, made from the registry so that it cannot go stale.
import type { Workload } from "./workload.js";

function section(workload: Workload): string {
  const options = workload.ownOptions.map(
    (option) => `| \`${option.name}\` | ${JSON.stringify(option.default)} | ${option.meaning} |`,
  );
  const table = options.length === 0 ? [] : ["", "| option | default | meaning |", "| --- | --- | --- |", ...options];
  const { keys, nodes } = workload.prefers ?? {};
  const prefers =
    keys === undefined && nodes === undefined
      ? []
      : [`Runs with ${keys} keys on ${nodes} nodes unless told otherwise.`];
  return [
    `## ${workload.name}`,
    "",
    workload.description,
    "",
    [`Functions: ${workload.functions.join(", ")}. Judged by the model \`${workload.model}\`.`, ...prefers].join(" "),
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
  ones are dropped, and the history says how many.
- After an operation of unknown outcome the thread goes on as another process with a new connection.
- After the load, the final heal and the quiet phase every key is read through every node by threads pinned to it.

${[...workloads].map(section).join("\n\n")}

This page is made by \`tools/generated-docs.ts\`.
`;
}
