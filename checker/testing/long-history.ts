// Long histories of one register as clients of a real one would have recorded them: every operation takes effect at a moment inside
// its interval, written values are distinct, some outcomes are unknown and some failed cas tell nothing.
import type { JsonValue, Operation, Random } from "../../history/index.js";

export interface LongHistoryShape {
  readonly operations: number;
  readonly clients: number;
  /** Share of operations of unknown outcome; half of them take effect. */
  readonly unknownShare: number;
  /** Share of failed cas that do not tell what they observed. */
  readonly silentShare: number;
}

/** The initial value is 0; in order of call. Times are nanoseconds of operations of about half a millisecond. */
export function longHistory(random: Random, shape: LongHistoryShape): Operation[] {
  const drafts = Array.from({ length: shape.clients }, (_, client) => ({ process: client, freeAt: 0 }));
  const operations: Operation[] = [];
  let now = 0;
  let state = 0;
  let fresh = 1;
  for (let count = 0; count < shape.operations; count++) {
    now += 1 + random.integer(0, Math.floor(1_000_000 / shape.clients));
    const client = random.pick(drafts);
    now = Math.max(now, client.freeAt + 1);
    const from = Math.max(client.freeAt + 1, now - random.integer(0, 500_000));
    const to = now + random.integer(0, 500_000);
    const unknown = random.chance(shape.unknownShare);
    const happens = !unknown || random.chance(0.5);
    const kind = random.unit();
    const expected = random.chance(0.8) ? state : Math.max(0, state - random.integer(1, 3));
    const name = kind < 0.5 ? "get" : kind < 0.8 ? "put" : "cas";
    const input: JsonValue = name === "get" ? null : name === "put" ? fresh : { expected, new: fresh };
    let output: JsonValue = null;
    if (name === "get") output = state;
    else {
      if (name === "cas") output = casAnswer(random, expected, state, shape.silentShare);
      if (happens && (name === "put" || expected === state)) state = fresh;
      fresh += 1;
    }
    operations.push({
      index: 0,
      process: client.process,
      function: name,
      key: "k",
      input,
      output: unknown ? null : output,
      outcome: unknown ? "info" : "ok",
      error: null,
      callNs: from,
      returnNs: unknown ? null : to,
      node: null,
      callEvent: 0,
      returnEvent: null,
    });
    client.freeAt = to;
    if (unknown) client.process += shape.clients;
  }
  operations.sort((left, right) => left.callNs - right.callNs);
  return operations.map((operation, index) => ({ ...operation, index, callEvent: 2 * index }));
}

function casAnswer(random: Random, expected: number, state: number, silentShare: number): JsonValue {
  if (expected === state) return { status: "ok" };
  return random.chance(silentShare) ? { status: "mismatch" } : { status: "mismatch", observed: state };
}

/** The history with one read answering a value written up to `back` writes before or after the one it saw; null without a read. */
export function withWrongRead(random: Random, operations: readonly Operation[], back: number): Operation[] | null {
  const reads = operations.filter(
    ({ function: name, outcome, output }) => name === "get" && outcome === "ok" && output !== null,
  );
  if (reads.length === 0) return null;
  const victim = random.pick(reads);
  const wrong = Math.max(0, Number(victim.output) + random.integer(-back, back));
  return operations.map((operation) => (operation === victim ? { ...operation, output: wrong } : operation));
}
