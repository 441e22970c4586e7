// Sets that only grow: what became of every element. After Jepsen's set-full checker: an element is known once its add was
// acknowledged or a read has shown it; from then on every read that begins must show it.
//   lost        known, missing from a read that began later, and from every read that began after that one
//   stale       known, missing from a read that began later, and shown again by a later one
//   phantom     shown by a read though nobody had begun to add it
//   duplicated  shown twice by one read
//   recovered   its add was of unknown outcome, and a read showed it: a fact, no fault
// No search, so that it also speaks of histories that are too hard for one. Elements that anybody tried to remove are left out.
import type { JsonValue, Operation } from "../../history/index.js";
import { answer, seconds } from "../explain/sentence.js";
import { splitByKey } from "../keys.js";
import { canonical, show } from "../values.js";
import type { CheckerResult, Violation, ViolationClass } from "../verdict.js";

interface Element {
  readonly value: JsonValue;
  /** The first add that was begun; null: there was none. */
  begun: Operation | null;
  failedOnly: boolean;
  unknownOnly: boolean;
  /** When it was surely in the set, and by which operation. */
  known: { readonly timeNs: number; readonly by: Operation } | null;
  readonly shownBy: Operation[];
}

/** `initial`: a list of elements, or null for none. */
export function checkSet(operations: readonly Operation[], initial: JsonValue): CheckerResult {
  const violations: Violation[] = [];
  const counts = { elements: 0, lost: 0, stale: 0, phantom: 0, duplicated: 0, recovered: 0, never_read: 0 };
  for (const { key, operations: own } of splitByKey(operations)) judgeOne(key, own, initial, violations, counts);
  return { checker: "set", valid: violations.length === 0, violations, unknown: [], details: counts };
}

type Counts = Record<"elements" | "lost" | "stale" | "phantom" | "duplicated" | "recovered" | "never_read", number>;

function judgeOne(
  key: JsonValue,
  operations: readonly Operation[],
  initial: JsonValue,
  violations: Violation[],
  counts: Counts,
): void {
  const reads = operations.filter(({ function: name, outcome }) => name === "get" && outcome === "ok");
  reads.sort((left, right) => left.callNs - right.callNs);
  const at = new Set(listOf(initial).map((value) => canonical(value)));
  const found = (
    name: ViolationClass,
    shape: string,
    read: Operation,
    value: JsonValue,
    but: string,
    by: Operation | null,
  ) =>
    violations.push({
      class: name,
      checker: "set",
      sentence: `${answer(read)}, ${but.replace("ELEMENT", () => show(value))}.`,
      key,
      operations: by === null || by === read ? [read.index] : [by.index, read.index],
      timeNs: read.returnNs,
      fingerprint: `${name}/set/${shape}`,
    });
  for (const read of reads) {
    const texts = listOf(read.output).map((value) => canonical(value));
    const seen = new Set<string>();
    const twice = texts.find((text) => seen.size === seen.add(text).size);
    if (twice === undefined) continue;
    counts.duplicated += 1;
    found("resurrected write", "duplicated", read, JSON.parse(twice) as JsonValue, "which holds ELEMENT twice", null);
  }
  for (const [text, element] of elementsOf(operations, reads)) {
    counts.elements += 1;
    const { value, begun, failedOnly, unknownOnly, known, shownBy } = element;
    const [witness] = shownBy;
    if (witness === undefined) counts.never_read += 1;
    if (witness !== undefined && unknownOnly) counts.recovered += 1;
    const early = shownBy.find(({ returnNs }) => begun === null || (returnNs ?? Infinity) < begun.callNs);
    if (early !== undefined && !at.has(text)) {
      counts.phantom += 1;
      const when = begun === null ? "nobody ever added it" : `its add began only at ${seconds(begun.callNs)}`;
      found("value from nowhere", "phantom", early, value, `which holds ELEMENT, but ${when}`, begun);
    } else if (witness !== undefined && failedOnly && !at.has(text)) {
      counts.phantom += 1;
      found(
        "read of a failed write",
        "phantom",
        witness,
        value,
        "which holds ELEMENT, but its add certainly failed",
        begun,
      );
    }
    if (known === null || (early !== undefined && !at.has(text))) continue;
    const shown = new Set(shownBy);
    const missing = reads.filter((read) => read.callNs > known.timeNs && !shown.has(read));
    const lastShown = shownBy.reduce((latest, { callNs }) => Math.max(latest, callNs), -Infinity);
    const gone = missing.find(({ callNs }) => callNs >= lastShown);
    const first = gone ?? missing[0];
    if (first === undefined) continue;
    const isBack = gone === undefined;
    counts[isBack ? "stale" : "lost"] += 1;
    const how = known.by.function === "add" ? "its add had been acknowledged" : "a read had shown it";
    const rest = isBack ? "and a later read shows it again" : "and no later read shows it";
    found(
      isBack ? "stale read" : "lost write",
      isBack ? "stale" : "lost",
      first,
      value,
      `which lacks ELEMENT, but ${how} by ${seconds(known.timeNs)}, ${rest}`,
      known.by,
    );
  }
}

function listOf(value: JsonValue): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : [];
}

function elementsOf(operations: readonly Operation[], reads: readonly Operation[]): ReadonlyMap<string, Element> {
  const elements = new Map<string, Element>();
  const removed = new Set<string>();
  const of = (value: JsonValue): Element => {
    const text = canonical(value);
    const known = elements.get(text);
    if (known !== undefined) return known;
    const fresh: Element = { value, begun: null, failedOnly: true, unknownOnly: true, known: null, shownBy: [] };
    elements.set(text, fresh);
    return fresh;
  };
  const know = (element: Element, timeNs: number, by: Operation): void => {
    if (element.known === null || timeNs < element.known.timeNs) element.known = { timeNs, by };
  };
  for (const operation of operations) {
    const { function: name, input, outcome, callNs, returnNs } = operation;
    if (name === "remove" && outcome !== "fail") removed.add(canonical(input));
    if (name !== "add") continue;
    const element = of(input);
    if (element.begun === null || callNs < element.begun.callNs) element.begun = operation;
    if (outcome !== "fail") element.failedOnly = false;
    if (outcome === "ok") element.unknownOnly = false;
    if (outcome === "ok" && returnNs !== null) know(element, returnNs, operation);
  }
  for (const read of reads)
    for (const value of listOf(read.output)) {
      const element = of(value);
      if (element.shownBy.at(-1) !== read) element.shownBy.push(read);
      know(element, read.returnNs ?? Infinity, read);
    }
  for (const element of elements.values()) {
    if (element.begun === null) element.failedOnly = false;
    if (element.failedOnly || element.begun === null) element.unknownOnly = false;
  }
  for (const text of removed) elements.delete(text);
  return elements;
}
