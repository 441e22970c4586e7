// Who led which group, and where and how the run happened.
import { useMemo } from "preact/hooks";
import { jumpToTimeline } from "../around.js";
import { duration, seconds } from "../format.js";
import type { Run } from "../load.js";
import type { ViewStore } from "../view.js";
import { Json } from "./json.js";

const leadersShown = 200;

export function Leaders({ run, store }: { readonly run: Run; readonly store: ViewStore }) {
  const { groups } = run.payload;
  const changes = useMemo(
    () =>
      groups
        .flatMap(({ group, nodes }) =>
          nodes.flatMap(({ node, records }) =>
            records.flatMap((record, index) => {
              if (record.role !== "leader" || records[index - 1]?.role === "leader") return [];
              const end = records.slice(index).find((later) => later.role !== "leader");
              return [{ group, node, fromNs: record.timeNs, toNs: end?.timeNs ?? run.endNs, ballot: record.ballot }];
            }),
          ),
        )
        .sort((a, b) => a.fromNs - b.fromNs),
    [groups, run],
  );
  return (
    <section id="leaders" aria-labelledby="leaders-title">
      <div class="section-head">
        <h2 id="leaders-title">Leaders</h2>
        <p class="muted">
          {groups.length === 0
            ? "no status samples in this run"
            : "as each node itself said, sampled; two at once are not yet an error"}
        </p>
      </div>
      {changes.length > 0 && (
        <div class="scroll-x">
          <table class="fit">
            <thead>
              <tr>
                <th scope="col" class="number">
                  from
                </th>
                <th scope="col" class="number">
                  for
                </th>
                <th scope="col">group</th>
                <th scope="col">node</th>
                <th scope="col">ballot</th>
              </tr>
            </thead>
            <tbody>
              {changes.slice(0, leadersShown).map((change) => (
                <tr key={`${change.group}${change.node}${change.fromNs}`}>
                  <td class="number">
                    <button
                      type="button"
                      class="plain"
                      onClick={() => {
                        store.show(change.fromNs - 1e9, change.fromNs + 1e9);
                        jumpToTimeline();
                      }}
                    >
                      {seconds(change.fromNs)}
                    </button>
                  </td>
                  <td class="number">{duration(change.toNs - change.fromNs)}</td>
                  <td>{change.group}</td>
                  <td class="value">{change.node}</td>
                  <td class="value">{change.ballot}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

export function Environment({ run }: { readonly run: Run }) {
  const { environment, plan } = run.payload;
  return (
    <section id="environment" aria-labelledby="environment-title">
      <div class="section-head">
        <h2 id="environment-title">Run</h2>
      </div>
      <details>
        <summary>environment: versions, hashes, every knob and where it came from</summary>
        <Json value={environment} />
      </details>
      <details>
        <summary>plan</summary>
        <pre class="json">{JSON.stringify(plan, null, 2)}</pre>
      </details>
    </section>
  );
}
