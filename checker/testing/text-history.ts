// Small random histories of one text that is put and appended to, and the truth about them: every order is tried. Dense in what goes
// wrong when texts are taken apart: ties, operations of no length, unknown outcomes, failures, texts written twice, empty ones, puts
// in the middle, and texts that begin with others or are made of them.
import type { JsonValue, Operation, Random } from "../../history/index.js";
import { operation } from "./builders.js";
import type { TinyHistory } from "./tiny-history.js";

/** None of the first begins with another one. */
const vocabularies: readonly (readonly string[])[] = [
  ["a", "b", "c", "d", "e", "f", "g", "h"],
  ["x1y", "x2y", "x11y", "x12y", "y", "x3", "x4", "x5"],
  ["a", "ab", "b", "ba", "aab", "abb"],
  ["a", "aa", "", "aaa"],
  ["a", "b", "c", "d", "e", ""],
];
const manyWords: readonly string[] = Array.from({ length: 24 }, (_, at) => `${at};`);

/** 2 to 8 operations, sometimes up to 24. */
export function textHistory(random: Random): TinyHistory {
  const isLong = random.chance(0.1);
  const words = [...(isLong ? manyWords : random.pick(vocabularies))];
  const once = isLong || random.chance(0.6);
  const initial: JsonValue = random.chance(0.9) ? "" : random.pick<JsonValue>([null, "a", "x1y"]);
  const count = isLong ? random.integer(10, 24) : random.integer(2, 8);
  const spread = random.pick([0, 1, 2, 5]);
  const past: string[] = [];
  const share = { get: random.pick([0.3, 0.5, 0.7]), put: random.pick([0, 0.1, 0.3]) };
  const unknownShare = random.pick(isLong ? [0, 0, 0.1] : [0, 0, 0.15, 0.4]);
  const lie = random.pick(isLong ? [0, 0, 0.05] : [0, 0.3, 0.6]);
  const operations: Operation[] = [];
  const written: string[] = [];
  let state = typeof initial === "string" ? initial : "";
  const takeWord = (): string => {
    const at = random.integer(0, words.length - 1);
    const word = words[at] ?? "";
    if (once && words.length > 1) words.splice(at, 1);
    return word;
  };
  for (let index = 0; index < count; index++) {
    const at = 2 * index;
    const from = at - random.integer(0, spread);
    const to = random.chance(unknownShare) ? null : Math.max(from, at + random.integer(0, spread));
    const failed = to !== null && random.chance(0.03);
    const extra: Partial<Operation> = failed ? { outcome: "fail" } : {};
    if (random.chance(share.get)) {
      const output = to === null ? null : random.chance(lie) ? lieAbout(state, past, written, random) : state;
      operations.push(operation(index, "get", null, output, from, to, extra));
      continue;
    }
    const word = takeWord();
    const name = random.chance(share.put) ? "put" : "append";
    operations.push(operation(index, name, word, null, from, to, extra));
    written.push(word);
    if (failed || (to === null && random.chance(0.5))) continue;
    past.push(state);
    state = name === "put" ? word : state + word;
  }
  return { operations: random.chance(0.4) ? lateWrites(operations, random) : operations, initial };
}

/** An older text; or one like the true one: cut, with a part too many, or some parts in any order. */
function lieAbout(state: string, past: readonly string[], written: readonly string[], random: Random): string {
  const draw = random.unit();
  if (random.chance(0.5) && past.length > 0) return random.pick(past);
  if (draw < 0.3) return state.slice(0, random.integer(0, state.length));
  if (written.length === 0) return draw < 0.5 ? "" : "z";
  if (draw < 0.6) return state + random.pick(written);
  let text = "";
  for (let parts = random.integer(0, 3); parts > 0; parts--) text += random.pick(written);
  return text;
}

/** A write that took effect at once is called later or returns earlier than that: mostly a lie, sometimes none. */
function lateWrites(operations: readonly Operation[], random: Random): readonly Operation[] {
  const moved = random.integer(0, operations.length - 1);
  const by = random.integer(-6, 6);
  return operations.map((given, at) =>
    at === moved
      ? { ...given, callNs: given.callNs + by, returnNs: given.returnNs === null ? null : given.returnNs + by }
      : given,
  );
}

/** Is there an order? Every one is tried. */
export function bruteForceTexts({ operations, initial }: TinyHistory): boolean {
  const candidates = operations.filter(
    ({ function: name, outcome }) => outcome === "ok" || (outcome === "info" && name !== "get"),
  );
  const hopeless = new Set<string>();
  const search = (placed: number, text: string): boolean => {
    const waiting = candidates.filter((_, at) => (placed & (1 << at)) === 0);
    const deadline = Math.min(...waiting.map(({ returnNs }) => returnNs ?? Infinity));
    if (deadline === Infinity) return true;
    const here = `${placed} ${text}`;
    if (hopeless.has(here)) return false;
    const found = candidates.some(({ function: name, input, output, callNs }, at) => {
      if ((placed & (1 << at)) !== 0 || callNs > deadline) return false;
      const next = placed | (1 << at);
      if (name === "get") return output === text && search(next, text);
      return search(next, name === "put" ? String(input) : text + String(input));
    });
    if (!found) hopeless.add(here);
    return found;
  };
  return search(0, typeof initial === "string" ? initial : "");
}
