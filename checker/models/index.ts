// The built-in models by name.
import type { AnyModel } from "../model.js";
import { kvAppend } from "./kv-append.js";
import { casRegister, register } from "./register.js";

const builtIn: readonly AnyModel[] = [register, casRegister, kvAppend];

export const modelNames: readonly string[] = builtIn.map(({ name }) => name);

/** A built-in model, or null when none has this name. */
export function modelNamed(name: string): AnyModel | null {
  return builtIn.find((model) => model.name === name) ?? null;
}

export { casRegister, kvAppend, register };
