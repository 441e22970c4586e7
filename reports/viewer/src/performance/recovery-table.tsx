// After each confirmed heal: how long until clients were answered again, by anyone and by every node.
import { useMemo } from "preact/hooks";
import { faultSpans, faultTitle, targetText } from "../faults.js";
import { duration, seconds } from "../format.js";
import type { Run } from "../load.js";
import { recoveries, type Recovery } from "./recovery.js";

function Row({ recovery }: { readonly recovery: Recovery }) {
  const { fault, healNs, firstAnswerNs, everyNodeNs, silent, others } = recovery;
  return (
    <tr>
      <td class="number">{fault.record.fault}</td>
      <th scope="row">
        {faultTitle(fault.record)} <span class="muted value">{targetText(fault.record.targets)}</span>
      </th>
      <td class="number">{seconds(healNs)}</td>
      <td class="number">{firstAnswerNs === null ? "never" : duration(firstAnswerNs)}</td>
      <td class="number">{everyNodeNs === null ? "never" : duration(everyNodeNs)}</td>
      <td class="value">
        {silent.length > 0 && `no answer from ${silent.join(", ")}. `}
        {others.length > 0 && `meanwhile fault ${others.join(", ")}`}
      </td>
    </tr>
  );
}

export function RecoveryTable({ run }: { readonly run: Run }) {
  const rows = useMemo(() => recoveries(run.operations, faultSpans(run.payload.faults, run.endNs), run.endNs), [run]);
  if (rows.length === 0) return null;
  return (
    <>
      <h3>After each heal</h3>
      <div class="scroll-x">
        <table id="recovery">
          <caption>
            From the confirmed heal to the first answer to an operation that was sent after it; never: the run ended
            first
          </caption>
          <thead>
            <tr>
              {["#", "fault", "healed at", "first answer after", "every node after", "note"].map((name, place) => (
                <th key={name} scope="col" class={[0, 2, 3, 4].includes(place) ? "number" : ""}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((recovery) => (
              <Row key={recovery.fault.record.fault} recovery={recovery} />
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
