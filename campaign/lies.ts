// Seven lies that a client may tell, each a small state machine over calls and replies: it is told of both and says what the system is
// asked and what the caller hears. No clock, no sockets; the seed decides when it lies. A suite that does not catch them would not
// catch a system that answers so either.
//
// A lie is told at one opportunity in `oneIn`, at the latest at the `firstWithin`-th: rarely enough that everything around it is true,
// often enough that a run of some seconds has it.
import type { ClientReply, ClientRequest, NodeName } from "../cluster/index.js";
import type { JsonValue, Random } from "../history/index.js";

export const lieNames = [
  "stale-read",
  "dropped-put",
  "late-put",
  "forked-cas",
  "failed-but-applied",
  "read-from-nowhere",
  "swapped-replies",
] as const;
export type LieName = (typeof lieNames)[number];

export interface LieKind {
  readonly name: LieName;
  readonly meaning: string;
  /** Functions that a workload must use and a system must have for it. */
  readonly needs: readonly string[];
  readonly oneIn: number;
}

/** What each lie is, for people and for the choice of what applies. */
export const lieKinds: Readonly<Record<LieName, LieKind>> = {
  "stale-read": {
    name: "stale-read",
    meaning: "a read answers the version before the current one",
    needs: ["get"],
    oneIn: 20,
  },
  "dropped-put": {
    name: "dropped-put",
    meaning: "a put is acknowledged and never reaches the system",
    needs: ["get", "put"],
    oneIn: 20,
  },
  "late-put": {
    name: "late-put",
    meaning: "a put that was acknowledged is applied once more, 50 to 500 ms later",
    needs: ["get", "put"],
    oneIn: 20,
  },
  "forked-cas": {
    name: "forked-cas",
    meaning: "a second cas that expects the same value is acknowledged too",
    needs: ["cas"],
    oneIn: 10,
  },
  "failed-but-applied": {
    name: "failed-but-applied",
    meaning: "a write that was applied is reported as certainly not applied",
    needs: ["get"],
    oneIn: 20,
  },
  "read-from-nowhere": {
    name: "read-from-nowhere",
    meaning: "a read answers a value that nobody ever wrote",
    needs: ["get"],
    oneIn: 20,
  },
  "swapped-replies": {
    name: "swapped-replies",
    meaning: "two reads under way at once get each other's answers",
    needs: ["get"],
    oneIn: 20,
  },
};

/** An operation as the caller asked for it; `id` tells operations apart. */
export interface LiedCall extends ClientRequest {
  readonly id: number;
  readonly thread: number;
  readonly node: NodeName;
}

export type LieEvent =
  | { readonly type: "call"; readonly call: LiedCall }
  | { readonly type: "reply"; readonly call: LiedCall; readonly reply: ClientReply }
  | { readonly type: "wake"; readonly token: number };

export type LieEffect =
  /** To the system, by the call's own client. */
  | { readonly type: "ask"; readonly call: LiedCall; readonly request: ClientRequest }
  /** To whoever called. A reply that no effect answers is held back until one does. */
  | { readonly type: "answer"; readonly call: LiedCall; readonly reply: ClientReply }
  /** To the system, by a client that nobody knows of. */
  | { readonly type: "ask-in-secret"; readonly node: NodeName; readonly request: ClientRequest }
  | { readonly type: "wake"; readonly atMs: number; readonly token: number }
  | { readonly type: "told"; readonly call: LiedCall; readonly truth: JsonValue; readonly staleMs: number | null };

export interface Lie {
  /** Every call is asked and every reply answered, sooner or later. */
  handle(event: LieEvent, nowMs: number): readonly LieEffect[];
  /** Chances to lie so far, taken or not. */
  readonly opportunities: number;
}

const firstWithin = 10;

/** When to lie: the gaps between lies are uniform between 1 and twice the mean. */
class Pace {
  opportunities = 0;
  #left: number;
  constructor(
    readonly random: Random,
    readonly oneIn: number,
  ) {
    this.#left = random.integer(1, firstWithin);
  }
  /** True where the lie is to be told. */
  take(): boolean {
    this.opportunities += 1;
    this.#left -= 1;
    if (this.#left > 0) return false;
    this.#left = this.random.integer(1, 2 * this.oneIn - 1);
    return true;
  }
}

type Handler = (event: LieEvent, nowMs: number, pace: Pace) => readonly LieEffect[] | null;

/** `handler` says where it lies; null: nothing is changed. */
function lie(name: LieName, random: Random, handler: Handler): Lie {
  const pace = new Pace(random, lieKinds[name].oneIn);
  return {
    handle: (event, nowMs) => handler(event, nowMs, pace) ?? honestly(event),
    get opportunities() {
      return pace.opportunities;
    },
  };
}

function honestly(event: LieEvent): readonly LieEffect[] {
  if (event.type === "call") return [{ type: "ask", call: event.call, request: event.call }];
  if (event.type === "reply") return [{ type: "answer", call: event.call, reply: event.reply }];
  return [];
}

export function createLie(name: LieName, random: Random): Lie {
  switch (name) {
    case "stale-read":
      return staleRead(random);
    case "dropped-put":
      return droppedPut(random);
    case "late-put":
      return latePut(random);
    case "forked-cas":
      return forkedCas(random);
    case "failed-but-applied":
      return failedButApplied(random);
    case "read-from-nowhere":
      return readFromNowhere(random);
    case "swapped-replies":
      return swappedReplies(random);
  }
}

const told = (call: LiedCall, truth: JsonValue, staleMs: number | null = null): LieEffect => ({
  type: "told",
  call,
  truth,
  staleMs,
});
const answer = (call: LiedCall, reply: ClientReply): LieEffect => ({ type: "answer", call, reply });
const text = (value: JsonValue): string => JSON.stringify(value);

function fieldOf(value: JsonValue, name: string): JsonValue | undefined {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return undefined;
  return (value as { readonly [field: string]: JsonValue })[name];
}

/** An answered cas that a model would call done. */
const swapped = (call: LiedCall, reply: ClientReply): boolean =>
  call.function === "cas" && reply.outcome === "ok" && fieldOf(reply.output, "status") === "ok";
const wasPut = (call: LiedCall, reply: ClientReply): boolean => call.function === "put" && reply.outcome === "ok";
const wasRead = (call: LiedCall, reply: ClientReply): boolean => call.function === "get" && reply.outcome === "ok";

/** An answer as the system gives it, with this value in the place of the one that was there; what has no such field stays. */
function withField(output: JsonValue, name: string, value: JsonValue): JsonValue {
  return fieldOf(output, name) === undefined ? output : { ...(output as object), [name]: value };
}

/** The value that a true reply shows to be there; undefined: none. */
function shownBy(call: LiedCall, reply: ClientReply): JsonValue | undefined {
  if (wasRead(call, reply)) return reply.output;
  if (wasPut(call, reply)) return call.input;
  return swapped(call, reply) ? fieldOf(call.input, "new") : undefined;
}

interface Version {
  readonly value: JsonValue;
  /** When the first reply showed it. */
  readonly sinceMs: number;
}

function staleRead(random: Random): Lie {
  /** Of each key, the latest version first. */
  const versions = new Map<string, readonly Version[]>();
  return lie("stale-read", random, (event, nowMs, pace) => {
    if (event.type !== "reply") return null;
    const { call, reply } = event;
    const value = shownBy(call, reply);
    if (value === undefined) return null;
    const key = text(call.key);
    const [current, before] = versions.get(key) ?? [];
    if (current === undefined || text(current.value) !== text(value)) {
      // A late answer may show what was there before; it is no news.
      const late = before !== undefined && text(before.value) === text(value) && wasRead(call, reply);
      if (!late) versions.set(key, [{ value, sinceMs: nowMs }, ...(current === undefined ? [] : [current])]);
      return null;
    }
    if (!wasRead(call, reply) || before === undefined || !pace.take()) return null;
    return [told(call, reply.output, nowMs - current.sinceMs), answer(call, { ...reply, output: before.value })];
  });
}

function droppedPut(random: Random): Lie {
  const dropped = new Set<number>();
  /** How this system answers a put; null: not known yet. */
  let usual: JsonValue | undefined;
  return lie("dropped-put", random, (event, _, pace) => {
    if (event.type === "call") {
      const { call } = event;
      if (call.function !== "put" || usual === undefined || !pace.take()) return null;
      dropped.add(call.id);
      // A read in its place takes as long, fails as often, and tells what the put would have replaced.
      return [{ type: "ask", call, request: { function: "get", key: call.key, input: null } }];
    }
    if (event.type !== "reply") return null;
    const { call, reply } = event;
    if (dropped.delete(call.id)) {
      if (reply.outcome !== "ok") return null;
      const output = withField(usual ?? null, "previous", reply.output);
      return [told(call, "never asked for"), answer(call, { ...reply, output })];
    }
    if (wasPut(call, reply)) usual ??= reply.output;
    return null;
  });
}

function latePut(random: Random): Lie {
  const waiting = new Map<number, LiedCall>();
  let tokens = 0;
  return lie("late-put", random, (event, nowMs, pace) => {
    if (event.type === "wake") {
      const call = waiting.get(event.token);
      waiting.delete(event.token);
      if (call === undefined) return null;
      const { node, key, input } = call;
      return [{ type: "ask-in-secret", node, request: { function: "put", key, input } }, told(call, "done once more")];
    }
    if (event.type !== "reply" || !wasPut(event.call, event.reply) || !pace.take()) return null;
    tokens += 1;
    waiting.set(tokens, event.call);
    return [{ type: "wake", atMs: nowMs + random.integer(50, 500), token: tokens }, ...honestly(event)];
  });
}

/** Values of a key that were swapped away; more are not remembered. */
const mostSwapped = 8;

function forkedCas(random: Random): Lie {
  const swappedAway = new Map<string, readonly string[]>();
  let usual: JsonValue | undefined;
  return lie("forked-cas", random, (event, _, pace) => {
    if (event.type !== "reply" || event.call.function !== "cas" || event.reply.outcome !== "ok") return null;
    const { call, reply } = event;
    const expected = fieldOf(call.input, "expected") ?? null;
    const key = text(call.key);
    const earlier = swappedAway.get(key) ?? [];
    if (swapped(call, reply)) {
      usual ??= reply.output;
      swappedAway.set(key, [text(expected), ...earlier].slice(0, mostSwapped));
      return null;
    }
    if (usual === undefined || !earlier.includes(text(expected)) || !pace.take()) return null;
    return [told(call, reply.output), answer(call, { ...reply, output: withField(usual, "observed", expected) })];
  });
}

function failedButApplied(random: Random): Lie {
  return lie("failed-but-applied", random, (event, _, pace) => {
    if (event.type !== "reply" || !(wasPut(event.call, event.reply) || swapped(event.call, event.reply))) return null;
    if (!pace.take()) return null;
    const { call, reply } = event;
    const denied = { ...reply, outcome: "fail", output: null, error: "refused", systemIndex: null } as const;
    return [told(call, reply.output), answer(call, denied)];
  });
}

function readFromNowhere(random: Random): Lie {
  let made = 0;
  return lie("read-from-nowhere", random, (event, _, pace) => {
    if (event.type !== "reply" || !wasRead(event.call, event.reply)) return null;
    const { call, reply } = event;
    const { output } = reply;
    // Of what is no text and no number nothing like it can be made up.
    if ((typeof output !== "string" && typeof output !== "number") || !pace.take()) return null;
    made += 1;
    const madeUp = typeof output === "number" ? output + 1_000_000_000 + made : `${output}?${made}`;
    return [told(call, output), answer(call, { ...reply, output: madeUp })];
  });
}

/** An answer is held back this long for another to swap it with. */
const heldForMs = 50;

function swappedReplies(random: Random): Lie {
  const open = new Set<number>();
  let held: { readonly call: LiedCall; readonly reply: ClientReply; readonly partners: ReadonlySet<number> } | null =
    null;
  return lie("swapped-replies", random, (event, nowMs, pace) => {
    if (event.type === "call") {
      if (event.call.function === "get") open.add(event.call.id);
      return null;
    }
    if (event.type === "wake") {
      if (held === null || held.call.id !== event.token) return null;
      const { call, reply } = held;
      held = null;
      return [answer(call, reply)];
    }
    const { call, reply } = event;
    open.delete(call.id);
    if (!wasRead(call, reply)) return null;
    if (held !== null && held.partners.has(call.id) && text(held.reply.output) !== text(reply.output)) {
      const other = held;
      held = null;
      return [
        told(other.call, other.reply.output),
        told(call, reply.output),
        answer(other.call, { ...other.reply, output: reply.output }),
        answer(call, { ...reply, output: other.reply.output }),
      ];
    }
    if (held !== null || open.size === 0 || !pace.take()) return null;
    held = { call, reply, partners: new Set(open) };
    return [{ type: "wake", atMs: nowMs + heldForMs, token: call.id }];
  });
}
