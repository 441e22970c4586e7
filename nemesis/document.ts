// docs/faults.md, made from the registries of kinds and shapes so that it cannot go stale.
import { compositions } from "./compositions.js";
import { faultKinds } from "./kinds.js";
import { defaultNemesisLimits } from "./contract.js";
import { presets } from "./presets.js";
import { shapeEntries } from "./shapes.js";

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** `clusters`: the section that says which cluster can do what; clusters are in rooms that this one does not know. */
export function faultsDocument(clusters: string): string {
  const { confirmMs, observationMs, resolveMs } = defaultNemesisLimits;
  return `# Faults

A fault is a plain value of a plan's schedule (\`docs/schemas/fault.schema.json\`):

\`\`\`json
{ "kind": "partition", "shape": "majorities-ring", "mode": "stall", "group": 0, "scope": "group", "at_ms": 4000, "for_ms": 1800 }
\`\`\`

\`at_ms\` counts from the beginning of the load; \`for_ms\` counts from the moment at which the fault was confirmed.

## Kinds

${table(
  ["kind", "what it does", "needs", "confirmed on when", "confirmed off when"],
  Object.values(faultKinds).map((entry) => [
    `\`${entry.kind}\``,
    entry.description,
    entry.mayNeed.map((name) => `\`${name}\``).join(", "),
    entry.confirmedOn,
    entry.confirmedOff,
  ]),
)}

A cluster that lacks what a fault needs refuses the plan before it starts, with its reason. Where all nodes of a system share one
address per peer, partitions and latency are refused: a link of one node alone cannot be touched there.

${clusters}
## Four times

Each fault writes up to four events into the history: \`requested\` and \`heal-requested\` are stamped before the cluster is asked,
\`confirmed-on\` and \`confirmed-off\` after the target was seen in that state. What a call of an API answers confirms nothing: the
evidence is read from processes, sockets and byte counts, and stands in the event. When nothing is seen within ${confirmMs / 1000} s the event says
\`unconfirmed\` instead, and the fault is healed at once. A fault that cannot be carried out (no leader to aim at for ${resolveMs / 1000} s, a target
that is down already, a load that ended first) is \`void\`. A run with an unconfirmed or void fault is vacuous: its verdict is unknown.

A paused process must stand still, and a cut link be silent, for at least ${observationMs} ms.

## Shapes of partitions

${table(
  ["shape", "which links are cut", "least nodes"],
  shapeEntries.map((entry) => [`\`${entry.shape}\``, entry.description, String(entry.leastMembers)]),
)}

Links of one's own choice are cut with \`"shape": "custom"\` and \`"links": ["n1>n2", "n3>n1"]\` in the place of group and scope.

With \`scope: "group"\` a shape is applied to the members of one replication group, with \`scope: "all"\` to all nodes. A cut of a>b stops
the bytes that a sends to b, whoever dialled the connection. TCP's own acknowledgements still flow below a proxy.

## Modes of partitions

| mode | what becomes of bytes |
| --- | --- |
| \`reset\` | connections end, new ones are refused |
| \`drop\` | bytes are discarded; the connection dies when the cut is healed |
| \`stall\` | bytes are kept, and delivered late when the cut is healed |

## Targets

| \`by\` | whom it means when the fault starts |
| --- | --- |
| \`name\` | the \`nodes\` named |
| \`random\` | \`count\` nodes of all, drawn by the seed |
| \`leader\` | the leader that more than half of the \`group\`'s members agree on |
| \`follower\` | one of the others |
| \`followers\` | all the others |
| \`ring-neighbours\` | two members next to each other in the group's order, in which the last is next to the first |
| \`minority\` | as many members as the group can do without |
| \`majority\` | a smallest majority of the group |
| \`all\` | every node |

\`group\` is a number from 0, or \`"random"\`.

## Compositions

In a plan file a schedule may also hold faults made of faults. Each is expanded when the file is read; the faults of a \`series\` count as
one disturbance.

${compositions
  .map(({ description, example }) => `- ${description}\n\n  \`\`\`json\n  ${JSON.stringify(example)}\n  \`\`\``)
  .join("\n")}

Several faults at once, or a sequence of them, need no composition: give them times that overlap or do not.

## Rules for schedules

- A fault lasts at least three operation timeouts, unless it is marked \`"glitch": true\`.
- Between two disturbances of one group lie at least four election timeouts. Faults that overlap in one group count as one
  disturbance; different groups may be disturbed at the same time.
- A schedule ends with the load. What then is on is healed, every node is started, every cut link must deliver again.
- When a fault takes longer than planned to be confirmed, the next one of its group moves back, so that the gap stays.

## Presets

\`--nemesis\` takes one of these, or kinds joined by commas. Each group is a lane of its own.

${Object.entries(presets)
  .map(([name, description]) => `- \`${name}\`: ${description}`)
  .join("\n")}

This page is made by \`tools/generated-docs.ts\`.
`;
}
