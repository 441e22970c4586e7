// A violation of a model that is no register: the core and what it is made of.
import type { Model } from "../model.js";
import type { Violation } from "../verdict.js";
import type { ExplainInput } from "./explain-register.js";
import { coreOfModel } from "./minimise.js";
import { answer } from "./sentence.js";

export function explainModel<State>(model: Model<State>, input: ExplainInput): Violation {
  const kept = input.operations.filter(
    (operation) => operation.outcome === "ok" || (operation.outcome === "info" && !model.isRead(operation)),
  );
  const core = coreOfModel(model, model.initial(input.initial), kept, input.timeMs);
  const members = core === null ? kept : kept.filter((_, position) => core.positions.includes(position));
  // What contradicts itself was answered, some of it at least.
  const last = members.reduce((latest, one) =>
    (one.returnNs ?? -Infinity) > (latest.returnNs ?? -Infinity) ? one : latest,
  );
  const sentence =
    core === null
      ? `The ${kept.length} operations on this key have no linearization.`
      : `${answer(last)}, which no order of it and ${members.length - 1} other operations explains.`;
  const name = model.isRead(last) ? "stale read" : "lost write";
  return {
    class: name,
    checker: "linearizability",
    sentence,
    key: input.key,
    operations: members.map(({ index }) => index),
    related: [],
    culprit: last.index,
    certificate: { kind: "core", context: "open-ended", minimal: core?.minimal ?? false, verified: false },
    timeNs: last.returnNs,
    fingerprint: `${name}/linearizability/${model.name}/${name === "stale read" ? last.function : "write"}`,
  };
}
