// Random histories of one register for the long fuzz: 2 to 9 operations, with ties, operations of no length, up to half of unknown
// outcome, every shape of cas answer, the initial value written again, duplicates and failed cas that observed nothing.
//
// Half of them are answered by a real register, at a moment inside each operation, and then damaged in none to two places; so
// both verdicts are common and neither is obvious. The others are answered at random.
import type { JsonValue, Operation, Random } from "../../history/index.js";
import { operation } from "./builders.js";
import type { TinyHistory } from "./tiny-history.js";

interface Draft {
  readonly name: "get" | "put" | "cas";
  readonly from: number;
  readonly to: number;
  readonly unknown: boolean;
  readonly expected: JsonValue;
  readonly written: JsonValue;
  output: JsonValue;
  failed: boolean;
}

interface Style {
  readonly random: Random;
  readonly initial: JsonValue;
  /** How often a written value is a new one. */
  readonly freshness: number;
  readonly domain: readonly JsonValue[];
  readonly span: number;
  readonly length: number;
  readonly unknownShare: number;
  readonly getShare: number;
  readonly putShare: number;
  readonly notShare: number;
  readonly tellsPrevious: boolean;
  /** What is written somewhere. */
  readonly written: JsonValue[];
}

export function fuzzHistory(random: Random, largest = 9): TinyHistory {
  const count = random.integer(2, largest);
  const style = drawStyle(random, count);
  const drafts = draw(style, count);
  if (random.chance(0.5)) answerTruly(style, drafts);
  else for (const draft of drafts) draft.output = randomAnswer(style, draft);
  const operations = drafts.map((draft, index) => operationOf(draft, index));
  return { operations, initial: style.initial };
}

function drawStyle(random: Random, count: number): Style {
  const span = random.pick([3, 6, 12, 2 * count]);
  return {
    random,
    initial: random.chance(0.2) ? null : 0,
    freshness: random.pick([0.3, 0.9, 1, 1, 1]),
    domain: [0, 1, 2, 3, 4].slice(0, random.integer(2, 5)),
    span,
    length: random.pick([1, 3, span]),
    unknownShare: random.pick([0, 0.1, 0.3, 0.5]),
    getShare: random.pick([0.2, 0.4]),
    putShare: random.pick([0.1, 0.3]),
    notShare: random.pick([0, 0.1, 0.5]),
    tellsPrevious: random.chance(0.1),
    written: [],
  };
}

function draw(style: Style, count: number): Draft[] {
  const { random, domain, initial } = style;
  let fresh = 1;
  const { written } = style;
  // Any of them, so that chains and cycles of cas come about; the latest most of all.
  const look = (): JsonValue => {
    if (random.chance(0.02)) return random.pick(domain);
    if (random.chance(0.03)) return fresh;
    if (written.length === 0 || random.chance(0.2)) return initial;
    return random.chance(0.5) ? (written.at(-1) ?? null) : random.pick(written);
  };
  const write = (): JsonValue => {
    const value = random.chance(style.freshness) ? fresh++ : random.chance(0.2) ? initial : random.pick(domain);
    written.push(value);
    return value;
  };
  return Array.from({ length: count }, (): Draft => {
    const kind = random.unit();
    const name = kind < style.getShare ? "get" : kind < style.getShare + style.putShare ? "put" : "cas";
    const from = random.integer(0, style.span);
    const expected = look();
    return {
      name,
      from,
      to: from + random.integer(0, style.length),
      unknown: random.chance(style.unknownShare),
      expected,
      written: name === "get" ? null : random.chance(0.03) ? expected : write(),
      output: null,
      failed: false,
    };
  });
}

function randomAnswer({ random, domain, initial, notShare, tellsPrevious, written }: Style, draft: Draft): JsonValue {
  const value = (): JsonValue => {
    if (written.length === 0 || random.chance(0.2)) return initial;
    return random.chance(0.95) ? random.pick(written) : random.pick(domain);
  };
  if (draft.name === "get") return value();
  if (draft.name === "put") return tellsPrevious && random.chance(0.5) ? { previous: value() } : null;
  if (random.chance(notShare)) return { status: "mismatch" };
  const kind = random.unit();
  if (kind < 0.7) return random.chance(0.05) ? { status: "ok", observed: draft.expected } : { status: "ok" };
  if (kind < 0.95) {
    const observed = value();
    const contradicts = observed === draft.expected && random.chance(0.9);
    return contradicts ? { status: "mismatch" } : { status: "mismatch", observed };
  }
  return random.chance(0.5) ? { status: "not-found" } : { status: "not-found", observed: null };
}

function answerTruly(style: Style, drafts: readonly Draft[]): void {
  const { random, notShare, tellsPrevious, initial, span } = style;
  const moments = drafts.map((draft) => ({
    draft,
    at: draft.unknown
      ? draft.from + random.unit() * (random.chance(0.5) ? span : draft.to - draft.from)
      : draft.from + random.unit() * (draft.to - draft.from),
  }));
  moments.sort((left, right) => left.at - right.at);
  let state = initial;
  for (const { draft } of moments) {
    if (draft.unknown && random.chance(0.4)) continue;
    const before = state;
    if (draft.name === "get") draft.output = before;
    else if (draft.name === "put") {
      state = draft.written;
      draft.output = tellsPrevious && random.chance(0.5) ? { previous: before } : null;
    } else if (draft.expected === before) {
      state = draft.written;
      draft.output = random.chance(0.05) ? { status: "ok", observed: before } : { status: "ok" };
    } else if (random.chance(Math.max(0.1, notShare))) draft.output = { status: "mismatch" };
    else draft.output = { status: before === null ? "not-found" : "mismatch", observed: before };
    if (draft.unknown || draft.name === "get") continue;
    // A put that was applied and is said to have failed is one of the lies to be found.
    if (random.chance(0.01)) draft.failed = true;
  }
  for (let damages = random.integer(0, 2); damages > 0; damages--) {
    const victim = random.pick(drafts);
    victim.output = randomAnswer(style, victim);
  }
}

function operationOf({ name, from, to, unknown, expected, written, output, failed }: Draft, index: number): Operation {
  const input: JsonValue = name === "get" ? null : name === "put" ? written : { expected, new: written };
  const extra: Partial<Operation> = failed && !unknown ? { outcome: "fail" } : {};
  return operation(index, name, input, unknown ? null : output, from, unknown ? null : to, extra);
}
