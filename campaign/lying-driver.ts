// Puts a lie between the run loop and the clients. It wraps the driver, and so any system's clients: those over sockets and those of a
// simulation. What the system is asked is what it is asked; what is recorded is what the lying client would have had recorded.
import type { ClientReply, ClientRequest } from "../cluster/index.js";
import { createRandom, type JsonValue, type TimeNs } from "../history/index.js";
import type { Driver, Invocation, InvocationEvents } from "./driver.js";
import { createLie, type Lie, type LieEffect, type LieName, type LiedCall } from "./lies.js";

/** One lie that was told. */
export interface ToldLie {
  /** Operation.index in the run's history. */
  readonly operation: number;
  readonly time_ns: TimeNs;
  readonly thread: number;
  readonly node: string;
  readonly function: string;
  readonly key: JsonValue;
  /** What the system answered, or what became of the operation. */
  readonly truth: JsonValue;
  /** stale-read: how long before the answer its value had been replaced, by the replies seen until then. */
  readonly stale_ms: number | null;
}

export interface LyingDriver extends Driver {
  readonly name: LieName;
  readonly opportunities: number;
  readonly told: readonly ToldLie[];
  /** Nothing is changed any more: the load is over. */
  beHonest(): void;
}

interface Open {
  readonly call: LiedCall;
  readonly invocation: Invocation;
  readonly events: InvocationEvents;
  /** The client stamped the return of an answer that is still to be passed on. */
  returned: boolean;
  called: boolean;
  operation: number | null;
}

const secretTimeoutMs = 1_000;

/** `secretThread`: no thread of the load has this number. */
export function lyingDriver(driver: Driver, name: LieName, seed: number, secretThread: number): LyingDriver {
  const lie: Lie = createLie(name, createRandom(seed, `canary ${name}`));
  const open = new Map<number, Open>();
  /** Operations that were answered, for a lie that is told later. */
  const settled = new Map<number, number>();
  const told: ToldLie[] = [];
  let calls = 0;
  let operations = 0;
  let honest = false;
  let secrets = secretThread;
  const nowMs = (): number => driver.now() / 1e6;

  function carryOut(effects: readonly LieEffect[]): void {
    for (const effect of effects) {
      if (effect.type === "answer") pass(openOf(effect.call), effect.reply);
      else if (honest) continue;
      else if (effect.type === "ask") ask(openOf(effect.call), effect.request);
      else if (effect.type === "told") tell(effect);
      else if (effect.type === "wake") {
        const { token } = effect;
        driver.at(Math.ceil(effect.atMs * 1e6), () => carryOut(lie.handle({ type: "wake", token }, nowMs())));
      } else askInSecret(effect);
    }
  }

  function openOf(call: LiedCall): Open {
    const found = open.get(call.id);
    if (found === undefined) throw new Error(`invariant: operation ${call.id} is not open`);
    return found;
  }

  function ask(one: Open, { function: asked, key, input }: ClientRequest): void {
    driver.invoke(
      { ...one.invocation, function: asked, key, input },
      {
        called: () => {
          one.called = true;
          one.operation = operations;
          operations += 1;
          one.events.called();
        },
        returned: () => {
          one.returned = true;
        },
        done: (reply) => {
          if (honest) pass(one, reply);
          else carryOut(lie.handle({ type: "reply", call: one.call, reply }, nowMs()));
        },
      },
    );
  }

  /** The return is stamped when the answer is passed on: until then the caller had none. */
  function pass(one: Open, reply: ClientReply): void {
    open.delete(one.call.id);
    if (!one.called) {
      one.operation = operations;
      operations += 1;
    }
    if (one.operation !== null) settled.set(one.call.id, one.operation);
    if (one.returned) one.events.returned();
    one.events.done(reply);
  }

  function tell({ call, truth, staleMs }: Extract<LieEffect, { type: "told" }>): void {
    const operation = open.get(call.id)?.operation ?? settled.get(call.id);
    if (operation === undefined || operation === null) throw new Error("invariant: a lie about no operation");
    const { thread, node, function: asked, key } = call;
    const time_ns = driver.now();
    told.push({ operation, time_ns, thread, node, function: asked, key, truth, stale_ms: staleMs });
  }

  function askInSecret({ node, request }: Extract<LieEffect, { type: "ask-in-secret" }>): void {
    const thread = secrets;
    secrets += 1;
    const hooks = { called: () => undefined, returned: () => undefined, done: () => driver.retire(thread) };
    driver.invoke({ ...request, thread, node, timeoutMs: secretTimeoutMs }, hooks);
  }

  return {
    name,
    told,
    get opportunities() {
      return lie.opportunities;
    },
    now: () => driver.now(),
    at: (time, callback) => driver.at(time, callback),
    ...(driver.soon === undefined ? {} : { soon: (callback: () => void) => driver.soon?.(callback) }),
    retire: (thread) => driver.retire(thread),
    invoke(invocation, events) {
      const { thread, node, function: asked, key, input } = invocation;
      const call: LiedCall = { id: calls, thread, node, function: asked, key, input };
      calls += 1;
      const one: Open = { call, invocation, events, returned: false, called: false, operation: null };
      open.set(call.id, one);
      if (honest) ask(one, call);
      else carryOut(lie.handle({ type: "call", call }, nowMs()));
    },
    beHonest() {
      honest = true;
    },
  };
}
