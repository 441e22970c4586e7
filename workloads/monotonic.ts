// Versions that go from key to key: a writer raises the first key of a chain to its version, and only when that was acknowledged the second,
// and so on; readers go the other way. Who saw a version at a key must find at least that at every key before it, though other nodes, and
// other groups, serve them: it is real time over several keys that is judged here.
import type { CheckerResult } from "../checker/index.js";
import type { ClientReply, JsonValue } from "../cluster/index.js";
import type { Random } from "../history/index.js";
import { judgeDerived } from "./derived.js";
import { pickerOf } from "./load-shape.js";
import { answerOf, objectText, parseObject, sightings, swapOf } from "./objects.js";
import { taskWorkload } from "./object-workload.js";
import { wholeNumber } from "./options.js";
import { checkRising, type Observation } from "./rising.js";
import type { Task, TaskSource, TaskStep } from "./task-load.js";
import type { Workload, WorkloadHistory } from "./workload.js";

const versionIn = (text: string): number | null => (/^\d+$/.test(text) ? Number(text) : null);

interface Chain {
  readonly keys: readonly string[];
  state: "no" | "being made" | "there";
}

const getOf = (key: JsonValue): TaskStep => ({ function: "get", key, input: null });

class ChainTasks implements TaskSource {
  readonly #chains: readonly Chain[];
  readonly #pick: (chains: readonly Chain[]) => Chain;
  #made = 0;
  #version = 0;

  constructor(chains: readonly (readonly string[])[], pick: (chains: readonly Chain[]) => Chain) {
    this.#chains = chains.map((keys) => ({ keys, state: "no" }));
    this.#pick = pick;
  }

  /** From the last key to the first, or from the one that was just written. */
  read(_thread: number, key: JsonValue | null): Task {
    const chain = this.#chains.find(({ keys }) => keys.some((one) => one === key)) ?? this.#pick(this.#chains);
    const from = key === null ? -1 : chain.keys.findIndex((one) => one === key);
    const waiting = from === -1 ? [...chain.keys] : chain.keys.slice(0, from + 1);
    const next = (): TaskStep | null => {
      const one = waiting.pop();
      return one === undefined ? null : getOf(one);
    };
    const first = next() ?? getOf(chain.keys[0] ?? null);
    return { first, after: ({ outcome }) => (outcome === "ok" ? next() : null) };
  }

  write(thread: number): Task {
    const unmade = this.#chains.find(({ state }) => state === "no");
    if (unmade !== undefined) return this.#make(unmade);
    const there = this.#chains.filter(({ state }) => state === "there");
    return there.length === 0 ? this.read(thread, null) : this.#raise(this.#pick(there));
  }

  /** All keys of a chain by puts of one number; where one of them is not acknowledged, all again with another number. */
  #make(chain: Chain): Task {
    chain.state = "being made";
    this.#made += 1;
    const input = objectText(this.#made, "0");
    const waiting = chain.keys.map((key): TaskStep => ({ function: "put", key, input }));
    const first = waiting.shift() ?? getOf(null);
    return {
      first,
      after: ({ outcome }) => {
        if (outcome !== "ok") {
          chain.state = "no";
          return null;
        }
        const next = waiting.shift() ?? null;
        if (next === null) chain.state = "there";
        return next;
      },
    };
  }

  /** Key after key to a version of its own; ends where somebody else is ahead, or an answer is not certain. */
  #raise({ keys }: Chain): Task {
    this.#version += 1;
    const version = this.#version;
    let place = 0;
    let made: number | null = null;
    return {
      first: getOf(keys[0] ?? null),
      after(reply: ClientReply, step: TaskStep): TaskStep | null {
        const answer = answerOf(reply, step);
        if (answer === null) return null;
        if (answer.swapped) {
          place += 1;
          const key = keys[place];
          return key === undefined ? null : getOf(key);
        }
        const object = parseObject(answer.seen);
        const there = object === null ? null : versionIn(object.rest);
        if (object === null || there === null || there >= version) return null;
        // A late put made it another chain's beginning.
        made ??= object.made;
        if (object.made !== made) return null;
        return { ...step, function: "cas", input: { expected: answer.seen, new: objectText(made, `${version}`) } };
      },
    };
  }
}

/** Keys in chains of this length; a rest of one key is a chain of its own. */
function chainsOf(keys: readonly string[], length: number): readonly (readonly string[])[] {
  const chains: (readonly string[])[] = [];
  for (let first = 0; first < keys.length; first += length) chains.push(keys.slice(first, first + length));
  return chains;
}

function judgeChains(chains: readonly (readonly string[])[], { operations }: WorkloadHistory): CheckerResult {
  const observations: Observation[] = [];
  const places = new Map<JsonValue, { readonly chain: number; readonly position: number }>();
  for (const [chain, keys] of chains.entries())
    for (const [position, key] of keys.entries()) places.set(key, { chain, position });
  let raised = 0;
  for (const operation of operations) {
    const place = places.get(operation.key);
    if (place === undefined) continue;
    const observe = (made: number, low: number | null, high: number | null): void => {
      if (low === null || high === null) return;
      observations.push({ operation, object: [place.chain, made], position: place.position, low, high });
    };
    for (const { made, rest } of sightings(operation)) observe(made, versionIn(rest), versionIn(rest));
    const swap = swapOf(operation);
    if (swap?.effect !== "done") continue;
    raised += 1;
    observe(swap.made, versionIn(swap.from), versionIn(swap.to));
  }
  const rising = checkRising("monotonic", "stale read", "at version", observations);
  const sentence = `${raised} times a key of a chain was raised, and ${rising.compared} answers were held against what was known of its chain before.`;
  const details = { raised, observations: observations.length, compared: rising.compared };
  return judgeDerived("monotonic", [rising], { done: raised, what: "rise of a version", sentence, details });
}

export const monotonic: Workload = taskWorkload({
  name: "monotonic",
  description:
    "Versions that go from key to key: a writer raises the first key of a chain by cas, then the next, and so on, each when the one before was acknowledged; readers go the other way. Chains cross the groups.",
  readShare: 0.45,
  options: [wholeNumber("chain_keys", 4, [1, 100], "keys of one chain")],
  judgedBy:
    "whether every answer shows at least the version that was known before it began, of its own key or of one further on in its chain",
  source(random: Random, keys, own, options) {
    const pick = pickerOf(options);
    return new ChainTasks(chainsOf(keys, own("chain_keys")), (chains) => pick(random, chains));
  },
  judge: (history, keys, own) => judgeChains(chainsOf(keys, own("chain_keys")), history),
});
