// Directed faults: they wait for an event of the protocol (a kind of message that is sent or arrives) and strike one of its two nodes a
// moment later. They find what faults at random times do not: a crash between a promise and what answers it, a leader cut off in the very
// round trip that made it one. They name messages of the protocol and never a planted bug; every hunt draws from the same set.
import type { JsonValue, Random } from "../history/index.js";
import { diskTroubles, type DiskTrouble } from "../simulation/index.js";

export interface Trigger {
  /** The kind of message, as the system names it. */
  readonly on: string;
  readonly what: "sent" | "received";
  /** Whom it strikes. */
  readonly strikes: "sender" | "receiver";
  /** Not before, in ms since the load began. */
  readonly from_ms: number;
  /** How many such events it lets pass each time. */
  readonly skips: number;
  /** From the event to the fault. */
  readonly delay_ms: number;
  readonly do: "kill" | "pause" | "cut" | DiskTrouble;
  /** Of `cut`: both ways between the struck node and all others. */
  readonly mode: "reset" | "drop" | "stall";
  readonly for_ms: number;
  /** How often it strikes in one run. */
  readonly times: number;
}

const modes = ["reset", "drop", "stall"] as const;
const deeds = ["kill", "pause", "cut", ...diskTroubles] as const;
const triggersMax = 50;

/**
 * Draws the directed faults of a seed; most seeds have none, so that the rest of the swarm is seen by itself. `names`: the kinds of
 * messages that change what nodes agree on, the rare ones first.
 */
export function drawTriggers(
  random: Random,
  names: readonly string[],
  timeLimitMs: number,
  electionTimeoutMs: number,
): readonly Trigger[] {
  if (names.length === 0 || !random.chance(0.4)) return [];
  const logUniform = (low: number, high: number): number => low * (high / low) ** random.unit();
  const drawOne = (): Trigger => {
    const at = random.integer(0, names.length - 1);
    // The first half of the names are of messages that come once an election; of the others many come every second.
    const common = at >= names.length / 2;
    return {
      on: names[at] ?? "",
      what: random.pick(["sent", "received"] as const),
      strikes: random.pick(["sender", "receiver"] as const),
      from_ms: Math.round(random.unit() * 0.8 * timeLimitMs),
      skips: random.integer(0, common ? 200 : 3),
      delay_ms: random.chance(0.4) ? 0 : Number(logUniform(0.01, 20).toPrecision(3)),
      do: random.pickWeighted([
        ["kill", 3],
        ["cut", 2],
        ["pause", 1],
        ["fail-fsync", 1],
        ["fill-disk", 0.5],
        ["slow-disk", 1],
      ] as const),
      mode: random.pick(modes),
      for_ms: Math.round(logUniform(0.1, 10) * electionTimeoutMs),
      times: random.pick([1, 1, 3, 10]),
    };
  };
  return Array.from({ length: random.integer(1, 3) }, drawOne).flatMap((trigger) => {
    if (!random.chance(0.4)) return [trigger];
    // A twin strikes the other node of the same event in a way of its own: a crash and a cut in one round trip.
    const { do: deed, mode, delay_ms, for_ms } = drawOne();
    const strikes = trigger.strikes === "sender" ? ("receiver" as const) : ("sender" as const);
    return [trigger, { ...trigger, strikes, do: deed, mode, delay_ms, for_ms }];
  });
}

/** Reads them back from a plan. Throws with the place of what is wrong. */
export function parseTriggers(value: JsonValue | undefined): readonly Trigger[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length > triggersMax)
    throw new Error(`triggers: expected a list of at most ${triggersMax}`);
  return value.map((one: JsonValue, at) => {
    const place = `triggers[${at}]`;
    if (typeof one !== "object" || one === null || Array.isArray(one)) throw new Error(`${place}: expected an object`);
    const fields = one as { readonly [name: string]: JsonValue };
    const numberOf = (name: string): number => {
      const number = fields[name];
      if (typeof number !== "number" || !(number >= 0)) throw new Error(`${place}.${name}: expected a number`);
      return number;
    };
    const wordOf = <T extends string>(name: string, words: readonly T[]): T => {
      const word = words.find((candidate) => candidate === fields[name]);
      if (word === undefined) throw new Error(`${place}.${name}: expected one of ${words.join(", ")}`);
      return word;
    };
    if (typeof fields["on"] !== "string") throw new Error(`${place}.on: expected a kind of message`);
    return {
      on: fields["on"],
      what: wordOf("what", ["sent", "received"] as const),
      strikes: wordOf("strikes", ["sender", "receiver"] as const),
      from_ms: numberOf("from_ms"),
      skips: numberOf("skips"),
      delay_ms: numberOf("delay_ms"),
      do: wordOf("do", deeds),
      mode: wordOf("mode", modes),
      for_ms: numberOf("for_ms"),
      times: numberOf("times"),
    };
  });
}
