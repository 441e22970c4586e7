// From zones to configurations: where the sweep takes over from the algorithm without a search.
//
// Any chain with a return that need not come before another one may be the last so far; its value is the state. Every other chain
// with a return lies before it as a whole. A chain without a return that could lie before it may do so as a whole, or not have
// begun: a single write is free, anything longer is tried both ways. All other configurations are reached from these by steps.
import type { Seed } from "./sweep.js";
import { EngineGaveUp } from "./engine.js";
import type { LiveOperation, ValueKey } from "./operation.js";
import { chainOf, type Chain, type Generation, type Zones } from "./zones.js";

export interface Seeds {
  readonly open: readonly LiveOperation[];
  /** Of unknown outcome, used up in some seeds or in none. */
  readonly unknown: readonly LiveOperation[];
  readonly seeds: readonly Seed<ValueKey>[];
}

interface ChainContent {
  readonly open: LiveOperation[];
  readonly unknown: LiveOperation[];
}

type Choice = Omit<Seed<ValueKey>, "state">;

const nothing: Choice = { done: [], free: [], used: [] };

export function seedsOf(zones: Zones, maxSeeds: number): Seeds {
  const contents = contentsOf(zones);
  const unknown: LiveOperation[] = [];
  for (const writes of zones.dormantWrites)
    for (const { operation, count } of writes) for (let at = 0; at < count; at++) unknown.push(operation);
  for (const content of contents.values()) unknown.push(...content.unknown);
  const seeds: Seed<ValueKey>[] = [];
  for (const last of zones.lastChains) {
    const state = stateOf(last);
    let choices: readonly Choice[] = [nothing];
    for (const [chain, content] of contents) {
      const options = chain === last ? [upTo(content, state, last)] : optionsOf(chain, content, last);
      choices = choices.flatMap((choice) => options.map((option) => join(choice, option)));
      if (seeds.length + choices.length > maxSeeds)
        throw new EngineGaveUp({ budget: "configurations", sentence: `more than ${maxSeeds} to begin a sweep with` });
    }
    for (const choice of choices) seeds.push({ state: state.value, ...choice });
  }
  return { open: [...zones.openOperations], unknown, seeds };
}

function contentsOf(zones: Zones): Map<Chain, ChainContent> {
  const contents = new Map<Chain, ChainContent>();
  const contentOf = (chain: Chain): ChainContent => {
    const known = contents.get(chain);
    if (known !== undefined) return known;
    const content: ChainContent = { open: [], unknown: unknownWriters(chain.tail, null) };
    contents.set(chain, content);
    return content;
  };
  for (const chain of zones.lastChains) contentOf(chain);
  for (const operation of zones.openOperations) {
    const { observed, written } = operation;
    const touched = written ?? observed;
    if (touched !== null) contentOf(chainOf(touched)).open.push(operation);
  }
  return contents;
}

/** From a value back to another, or to the beginning of its chain. A chain that goes round in circles ends where it began. */
function unknownWriters(from: Generation, until: Generation | null): LiveOperation[] {
  const writers: LiveOperation[] = [];
  const seen = new Set<Generation>();
  for (let at: Generation | null = from; at !== null && at !== until && !seen.has(at); at = at.previous) {
    seen.add(at);
    if (at.unknownWriter !== null) writers.push(at.unknownWriter);
  }
  return writers;
}

/** The value that the last return of the chain leaves current. */
function stateOf({ tail }: Chain): Generation {
  let state = tail;
  while (state.previous !== null && !state.previous.left) state = state.previous;
  return state;
}

/** The last chain: everything up to its state took effect. */
function upTo({ open, unknown }: ChainContent, state: Generation, last: Chain): Choice {
  const reached = (generation: Generation): boolean => generation === state || generation.left;
  const done = open.filter((operation) => {
    const { observed, written } = operation;
    const touched = written ?? observed;
    return touched !== null && reached(touched);
  });
  const beyond = new Set(unknownWriters(last.tail, state));
  return { done, free: [], used: unknown.filter((operation) => !beyond.has(operation)) };
}

function optionsOf(chain: Chain, { open, unknown }: ChainContent, last: Chain): readonly Choice[] {
  const whole: Choice = { done: open, free: [], used: unknown };
  if (chain.firstReturn < Infinity) return [whole];
  if (!chain.rooted || chain.greatestCall > last.firstReturn) return [nothing];
  const [only] = open;
  if (open.length === 1 && only?.word === "write") return [{ done: [], free: open, used: [] }];
  return [nothing, whole];
}

function join(left: Choice, right: Choice): Choice {
  if (right === nothing) return left;
  return {
    done: [...left.done, ...right.done],
    free: [...left.free, ...right.free],
    used: [...left.used, ...right.used],
  };
}
