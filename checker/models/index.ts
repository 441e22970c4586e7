// The built-in models by name.
import type { AnyModel } from "../model.js";
import { counter } from "./counter.js";
import { kvAppend } from "./kv-append.js";
import { kv } from "./kv.js";
import { mutex } from "./mutex.js";
import { queue, unorderedQueue } from "./queue.js";
import { casRegister, register } from "./register.js";
import { set } from "./set.js";

const builtIn: readonly AnyModel[] = [register, casRegister, kv, kvAppend, set, counter, mutex, queue, unorderedQueue];

export const modelNames: readonly string[] = builtIn.map(({ name }) => name);

/** A built-in model, or null when none has this name. */
export function modelNamed(name: string): AnyModel | null {
  return builtIn.find((model) => model.name === name) ?? null;
}

export { casRegister, counter, kv, kvAppend, mutex, queue, register, set, unorderedQueue };
