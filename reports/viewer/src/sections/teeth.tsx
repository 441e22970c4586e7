// How much the run could have shown, against the plan's floors; what each fault met; and what no such run can show.
import type { TeethMeasure } from "../../../../checker/index.js";
import { faultTitle, targetText } from "../faults.js";
import { measure } from "../format.js";
import type { Run } from "../load.js";
import { sortTeeth, standingOf, type Pivot } from "../sort-teeth.js";

function PivotTable({
  table,
  head,
  name,
}: {
  readonly table: Pivot;
  readonly head: string;
  readonly name: (row: string) => string;
}) {
  return (
    <div class="scroll-x">
      <table class="fit">
        <thead>
          <tr>
            <th scope="col">{head}</th>
            {table.columns.map((column) => (
              <th key={column} scope="col" class="number wrap">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.map(([row, cells]) => (
            <tr key={row}>
              <th scope="row">{name(row)}</th>
              {table.columns.map((column) => {
                const tooth = cells.get(column);
                return (
                  <td key={column} class="number">
                    {tooth === undefined ? (
                      <span class="muted">–</span>
                    ) : (
                      measure(tooth.value, column.includes(tooth.unit) ? "" : tooth.unit)
                    )}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function askedOf({ floor, ceiling, unit, notAsked }: TeethMeasure): string {
  if (floor !== null) return measure(floor, unit);
  if (ceiling != null) return `≤ ${measure(ceiling, unit)}`;
  return notAsked === undefined ? "–" : "not asked";
}

/** Floors that the preset's faults cannot bring about, or that were not made for such a run: none is left out in silence. */
function NotAsked({ teeth }: { readonly teeth: readonly TeethMeasure[] }) {
  const left = teeth.flatMap(({ name, notAsked }) => (notAsked === undefined ? [] : [{ name, notAsked }]));
  if (left.length === 0) return null;
  return (
    <>
      <h3>Floors that were not asked of this run</h3>
      <div class="scroll-x">
        <table class="not-asked">
          <thead>
            <tr>
              <th scope="col">measure</th>
              <th scope="col">why not</th>
            </tr>
          </thead>
          <tbody>
            {left.map(({ name, notAsked }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>{notAsked}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function Single({ teeth }: { readonly teeth: readonly TeethMeasure[] }) {
  return (
    <div class="scroll-x">
      <table>
        <thead>
          <tr>
            <th scope="col">measure</th>
            <th scope="col" class="number">
              value
            </th>
            <th scope="col" class="number">
              floor
            </th>
            <th scope="col">
              <span class="hidden">Enough?</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {teeth.map((tooth) => {
            const standing = standingOf(tooth);
            return (
              <tr key={tooth.name} class={standing.enough ? "" : "alarming"}>
                <th scope="row">
                  {tooth.name}
                  <span class="meaning">{tooth.meaning}</span>
                </th>
                <td class="number">{measure(tooth.value, tooth.unit)}</td>
                <td class="number muted">{askedOf(tooth)}</td>
                <td>
                  {standing.word !== "" && (
                    <span class={`state ${standing.enough ? "state-confirmed" : "state-unconfirmed"}`}>
                      {standing.word}
                    </span>
                  )}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

export function Teeth({ run }: { readonly run: Run }) {
  const { teeth, cannotSee, checkers } = run.payload.verdict;
  const { single, byFault, byNode } = sortTeeth(teeth, new Set(run.operations.nodes));
  const faultName = (index: string): string => {
    const record = run.payload.faults.find((fault) => String(fault.fault) === index);
    return record === undefined ? `fault ${index}` : `${index} ${faultTitle(record)}, ${targetText(record.targets)}`;
  };
  return (
    <section id="teeth" aria-labelledby="teeth-title">
      <div class="section-head">
        <h2 id="teeth-title">Teeth</h2>
        <p class="muted">how much this run could have shown; below a floor it says nothing</p>
      </div>
      <div class="two-columns">
        <Single teeth={single} />
        <div>
          <NotAsked teeth={teeth} />
          <h3 class="spaced">What such a run cannot have seen</h3>
          <ul class="cannot-see">
            {cannotSee.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
          <h3>Checkers</h3>
          <ul class="checkers">
            {checkers.map(({ checker, valid }) => (
              <li key={checker}>
                <span class={`state verdict-${valid === true ? "valid" : valid === false ? "violation" : "unknown"}`}>
                  <span aria-hidden="true">{valid === true ? "✓" : valid === false ? "✕" : "?"}</span> {checker}
                </span>
              </li>
            ))}
          </ul>
          {byNode.rows.length > 0 && (
            <>
              <h3>Each node</h3>
              <PivotTable table={byNode} head="node" name={(node) => node} />
            </>
          )}
        </div>
      </div>
      {byFault.rows.length > 0 && (
        <>
          <h3 class="spaced">What each fault met</h3>
          <PivotTable table={byFault} head="fault" name={faultName} />
        </>
      )}
    </section>
  );
}
