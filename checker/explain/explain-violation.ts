// From an inconsistent key to everything that is said about it.
import type { EngineAnswer } from "../engine.js";
import type { AnyModel } from "../model.js";
import { normaliseRegister } from "../register/normalise.js";
import type { Violation } from "../verdict.js";
import { withDetails } from "./details.js";
import { explainModel } from "./explain-model.js";
import { explainRegister, type ExplainInput } from "./explain-register.js";

/** `found`: what the engine that judged the key said. */
export function explainViolation(
  model: AnyModel,
  input: ExplainInput,
  found: EngineAnswer & { readonly valid: false },
): Violation {
  const { initial, operations, timeMs } = input;
  if (!model.register) {
    const told = model.open((opened) => explainModel(opened, input));
    return withDetails(told, { model, initial, operations, timeMs, normal: null });
  }
  const normal = normaliseRegister(operations, initial);
  return withDetails(explainRegister(input, normal, found), { model, initial, operations, timeMs, normal });
}
