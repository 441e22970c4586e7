// What the nodes wrote into their logs around the cause, all in order of time, between the faults and the marks that Minos recorded then.
import type { LogExcerpt } from "../../../payload.js";
import { faultTitle, targetText } from "../faults.js";
import { plural, seconds } from "../format.js";
import type { Run } from "../load.js";

interface Entry {
  readonly timeNs: number;
  readonly who: string;
  readonly text: string;
  readonly ours: boolean;
}

/** What Minos saw so much later belongs to it, too. */
const afterNs = 2e9;
/** The nearest to the cause. */
const entriesShown = 300;

export function Logs({ run, onMoment }: { readonly run: Run; readonly onMoment: (ns: number) => void }) {
  const { logs } = run.payload;
  if (logs.length === 0)
    return (
      <p class="muted">
        {run.payload.plan.on === "simulation"
          ? "Nodes of a simulated run write no logs; its messages tell what happened inside."
          : "No logs of this run's nodes."}
      </p>
    );
  const timed = entriesOf(run, logs);
  return (
    <>
      {timed.length > 0 && (
        <details open>
          <summary>logs around the cause, with what Minos saw ({plural(timed.length, "line")})</summary>
          <ol class="log-lines">
            {timed.map(({ timeNs, who, text, ours }, at) => (
              <li key={at} class={ours ? "ours" : ""}>
                <button type="button" class="plain" onClick={() => onMoment(timeNs)}>
                  {seconds(timeNs)}
                </button>
                <span class="value">{who}</span>
                <span class="value">{text}</span>
              </li>
            ))}
          </ol>
        </details>
      )}
      {logs
        .filter(({ timesNs }) => timesNs === undefined)
        .map(({ node, title, lines }) => (
          <details key={node + title} open={logs.length < 4}>
            <summary>
              log of <span class="value">{node}</span>, {title} ({plural(lines.length, "line")})
            </summary>
            <pre class="log">{lines.join("\n")}</pre>
          </details>
        ))}
    </>
  );
}

/** Lines of all nodes, and between the first and the last of them what Minos recorded. */
function entriesOf(run: Run, logs: readonly LogExcerpt[]): readonly Entry[] {
  const lines = logs.flatMap(({ node, lines: texts, timesNs }) =>
    texts.flatMap((text, at): readonly Entry[] => {
      const timeNs = timesNs?.[at];
      return timeNs === undefined ? [] : [{ timeNs, who: node, text, ours: false }];
    }),
  );
  if (lines.length === 0) return [];
  const { faults, marks, verdict } = run.payload;
  const cause = verdict.violations.find(({ timeNs }) => timeNs !== null)?.timeNs ?? null;
  const times = [...lines.map(({ timeNs }) => timeNs), ...(cause === null ? [] : [cause])];
  const [from, to] = [Math.min(...times), Math.max(...times) + afterNs];
  const own = [
    ...faults.flatMap((fault) =>
      fault.evidence.map(({ stage, timeNs }) => ({
        timeNs,
        text: `${faultTitle(fault)} ${targetText(fault.targets)}: ${stage}`,
      })),
    ),
    ...marks.map(({ timeNs, node, what }) => ({ timeNs, text: `${node ?? "Minos"}: ${what}` })),
    ...verdict.violations.flatMap(({ timeNs, class: name }) => (timeNs === null ? [] : [{ timeNs, text: name }])),
  ]
    .filter(({ timeNs }) => timeNs >= from && timeNs <= to)
    .map((entry): Entry => ({ ...entry, who: "**", ours: true }));
  const byTime = (one: Entry, other: Entry): number => one.timeNs - other.timeNs;
  const all = [...lines, ...own];
  if (all.length <= entriesShown) return all.toSorted(byTime);
  const near = cause ?? run.endNs;
  return all
    .toSorted((one, other) => Math.abs(one.timeNs - near) - Math.abs(other.timeNs - near))
    .slice(0, entriesShown)
    .toSorted(byTime);
}
