// A model by name, or a model itself: what every entry of the checker takes.
import type { AnyModel } from "../model.js";
import { modelNamed, modelNames } from "./index.js";

/** The model of this name, or the model itself. Throws for an unknown name. */
export function resolveModel(model: string | AnyModel): AnyModel {
  if (typeof model !== "string") return model;
  const known = modelNamed(model);
  if (known === null) throw new Error(`model "${model}" is not one of ${modelNames.join(", ")}`);
  return known;
}
