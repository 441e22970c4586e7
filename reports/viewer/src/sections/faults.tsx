// The faults with their four times, and for each the evidence by which it was confirmed.
import { useState } from "preact/hooks";
import type { FaultRecord } from "../../../payload.js";
import { jumpToTimeline } from "../around.js";
import { faultTitle, targetText } from "../faults.js";
import { duration, seconds } from "../format.js";
import type { Run } from "../load.js";
import type { ViewStore } from "../view.js";
import { Json } from "./json.js";

const faultSigns = { confirmed: "✓", "still on": "◐", unconfirmed: "?", void: "∅" } as const;

/** When a stage was reached, and how long after the one before. */
function Stage({ ns, after }: { readonly ns: number | null; readonly after: number | null }) {
  if (ns === null) return <td class="number muted">never</td>;
  return (
    <td class="number">
      {seconds(ns)}
      {after !== null && <span class="muted delta"> +{duration(ns - after)}</span>}
    </td>
  );
}

function Fault({ fault, store }: { readonly fault: FaultRecord; readonly store: ViewStore }) {
  const [open, setOpen] = useState(false);
  const show = (): void => {
    const from = fault.requestedNs ?? 0;
    const to = fault.confirmedOffNs ?? fault.healRequestedNs ?? from;
    const margin = (to - from) * 0.25 + 1e6;
    store.show(from - margin, to + margin);
    jumpToTimeline();
  };
  return (
    <>
      <tr class={fault.state === "confirmed" ? "" : "alarming"}>
        <td class="number">{fault.fault}</td>
        <th scope="row">
          <button type="button" class="plain" onClick={show}>
            {faultTitle(fault)}
          </button>
        </th>
        <td class="value">{targetText(fault.targets)}</td>
        <td>
          <span class={`state state-${fault.state.replace(" ", "-")}`}>
            <span aria-hidden="true">{faultSigns[fault.state]}</span> {fault.state}
          </span>
        </td>
        <Stage ns={fault.requestedNs} after={null} />
        <Stage ns={fault.confirmedOnNs} after={fault.requestedNs} />
        <Stage ns={fault.healRequestedNs} after={null} />
        <Stage ns={fault.confirmedOffNs} after={fault.healRequestedNs} />
        <td>
          <button type="button" class="plain" aria-expanded={open} onClick={() => setOpen(!open)}>
            evidence {open ? "▴" : "▾"}
          </button>
        </td>
      </tr>
      {open && (
        <tr class="expanded">
          <td colSpan={9}>
            <div class="evidence">
              {fault.evidence.map(({ stage, timeNs, evidence }) => (
                <div key={stage + String(timeNs)}>
                  <h4>
                    {stage} <span class="muted">{seconds(timeNs, 4)}</span>
                  </h4>
                  {evidence === null ? <p class="muted">nothing to show for it</p> : <Json value={evidence} />}
                </div>
              ))}
              <div>
                <h4>as planned</h4>
                <Json value={fault.spec} />
                <p class="muted value">{fault.targets.join(", ")}</p>
              </div>
            </div>
          </td>
        </tr>
      )}
    </>
  );
}

export function Faults({ run, store }: { readonly run: Run; readonly store: ViewStore }) {
  const { faults } = run.payload;
  return (
    <section id="faults" aria-labelledby="faults-title">
      <div class="section-head">
        <h2 id="faults-title">Faults</h2>
        <p class="muted">
          {faults.length === 0
            ? "none: nothing was broken in this run"
            : "confirmed at the target, never by an API's answer"}
        </p>
      </div>
      {faults.length > 0 && (
        <div class="scroll-x">
          <table>
            <thead>
              <tr>
                <th scope="col" class="number">
                  #
                </th>
                <th scope="col">fault</th>
                <th scope="col">target</th>
                <th scope="col">state</th>
                <th scope="col" class="number">
                  requested
                </th>
                <th scope="col" class="number">
                  confirmed on
                </th>
                <th scope="col" class="number">
                  heal requested
                </th>
                <th scope="col" class="number">
                  confirmed off
                </th>
                <th scope="col">
                  <span class="hidden">Evidence</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {faults.map((fault) => (
                <Fault key={fault.fault} fault={fault} store={store} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
