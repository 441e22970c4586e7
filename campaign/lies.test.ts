// Shows for each lie, on replies made by hand, that it changes what it says and nothing else, that it is told seldom, and that what a
// campaign's canary says of it is so. The last test runs a simulated store under all seven.
import { expect, test } from "vitest";
import { nodeNames, type ClientReply, type JsonValue } from "../cluster/index.js";
import { createRandom } from "../history/index.js";
import { canaryHolds, canaryLines, planCanary, stalenessOf, summariseCanary, whyNotApplicable } from "./canary.js";
import { createLie, lieKinds, lieNames, type Lie, type LieEffect, type LiedCall, type LieName } from "./lies.js";
import { prepareRun } from "./prepare.js";
import { simulate } from "./simulate.js";

const [node] = nodeNames(1);
const reply = (output: JsonValue): ClientReply => ({ outcome: "ok", output, error: null, attempts: 1, systemIndex: 7 });

/** A client of one key of a register that is always right; returns what callers heard, in order. */
class Clients {
  readonly lie: Lie;
  value: JsonValue = "v0";
  nowMs = 0;
  #id = 0;
  readonly told: Extract<LieEffect, { type: "told" }>[] = [];
  readonly secrets: JsonValue[] = [];
  constructor(name: LieName) {
    this.lie = createLie(name, createRandom(5, name));
  }
  call(asked: string, input: JsonValue): LiedCall {
    this.#id += 1;
    if (node === undefined) throw new Error("a cluster has a node");
    return { id: this.#id, thread: 0, node, function: asked, key: "k1", input };
  }
  /** The whole of one operation; null: the answer is held back. */
  does(asked: string, input: JsonValue = null): ClientReply | null {
    const call = this.call(asked, input);
    this.nowMs += 1;
    const [effect] = this.lie.handle({ type: "call", call }, this.nowMs);
    if (effect?.type !== "ask") throw new Error("nothing was asked");
    this.nowMs += 1;
    return this.heard(call, this.lie.handle({ type: "reply", call, reply: this.#system(effect.request) }, this.nowMs));
  }
  heard(call: LiedCall, effects: readonly LieEffect[]): ClientReply | null {
    let heard: ClientReply | null = null;
    for (const effect of effects) {
      if (effect.type === "answer" && effect.call.id === call.id) heard = effect.reply;
      if (effect.type === "told") this.told.push(effect);
      if (effect.type === "wake") this.heard(call, this.lie.handle({ type: "wake", token: effect.token }, effect.atMs));
      if (effect.type === "ask-in-secret") this.secrets.push(effect.request.input);
    }
    return heard;
  }
  #system({ function: asked, input }: { readonly function: string; readonly input: JsonValue }): ClientReply {
    if (asked === "get") return reply(this.value);
    if (asked === "put") {
      const previous = this.value;
      this.value = input;
      return reply({ previous });
    }
    const { expected, new: next } = input as { readonly expected: JsonValue; readonly new: JsonValue };
    const observed = this.value;
    if (observed !== expected) return reply({ status: "mismatch", observed });
    this.value = next;
    return reply({ status: "ok", observed });
  }
}

const rounds = 400;

test("a stale read answers the version before the current one, and says how long that was gone", () => {
  const clients = new Clients("stale-read");
  const wrong: JsonValue[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    clients.does("put", `v${round}`);
    const heard = clients.does("get");
    if (heard?.output === `v${round}`) continue;
    wrong.push(heard?.output ?? null);
    expect(heard?.output).toBe(`v${round - 1}`);
    expect(clients.told.at(-1)).toMatchObject({ truth: `v${round}`, staleMs: 2 });
  }
  expect(wrong).toHaveLength(clients.told.length);
  expect(clients.told.length).toBeGreaterThan(rounds / lieKinds["stale-read"].oneIn / 2);
  expect(clients.told.length).toBeLessThan((rounds / lieKinds["stale-read"].oneIn) * 2);
});

test("a dropped put is answered as the system answers puts, and is never asked of it", () => {
  const clients = new Clients("dropped-put");
  let dropped = 0;
  for (let round = 1; round <= rounds; round += 1) {
    const before = clients.value;
    expect(clients.does("put", `v${round}`)).toMatchObject({ outcome: "ok", output: { previous: before } });
    if (clients.value === before) dropped += 1;
  }
  expect(dropped).toBe(clients.told.length);
  expect(dropped).toBeGreaterThan(0);
});

test("a late put is asked once more, by nobody that the history knows", () => {
  const clients = new Clients("late-put");
  for (let round = 1; round <= rounds; round += 1) clients.does("put", `v${round}`);
  expect(clients.secrets).toHaveLength(clients.told.length);
  expect(clients.secrets.length).toBeGreaterThan(0);
  expect(clients.told.map(({ call }) => call.input)).toEqual(clients.secrets);
});

test("a forked cas acknowledges a second cas that expects what another took away", () => {
  const clients = new Clients("forked-cas");
  let forked = 0;
  for (let round = 1; round <= rounds; round += 1) {
    const expected = clients.value;
    clients.does("cas", { expected, new: `v${round}` });
    const heard = clients.does("cas", { expected, new: `other ${round}` });
    if (JSON.stringify(heard?.output) === JSON.stringify({ status: "ok", observed: expected })) forked += 1;
    else expect(heard?.output).toEqual({ status: "mismatch", observed: `v${round}` });
    expect(clients.value).toBe(`v${round}`);
  }
  expect(forked).toBe(clients.told.length);
  expect(forked).toBeGreaterThan(0);
});

test("a write reported as failed has been applied", () => {
  const clients = new Clients("failed-but-applied");
  let denied = 0;
  for (let round = 1; round <= rounds; round += 1) {
    if (clients.does("put", `v${round}`)?.outcome === "fail") denied += 1;
    expect(clients.value).toBe(`v${round}`);
  }
  expect(denied).toBe(clients.told.length);
  expect(denied).toBeGreaterThan(0);
});

test("a read from nowhere answers what was never written, of the same type", () => {
  const clients = new Clients("read-from-nowhere");
  clients.does("put", 5);
  const heard = Array.from({ length: rounds }, () => clients.does("get")?.output);
  const wrong = heard.filter((value) => value !== 5);
  expect(wrong.length).toBeGreaterThan(0);
  expect(wrong).toHaveLength(clients.told.length);
  expect(new Set(wrong).size).toBe(wrong.length);
  expect(wrong.every((value) => typeof value === "number" && value > 1_000_000)).toBe(true);
});

test("two reads under way at once get each other's answers, and one that finds no partner its own after a while", () => {
  const clients = new Clients("swapped-replies");
  const { lie } = clients;
  let swapped = 0;
  for (let round = 1; round <= rounds; round += 1) {
    const [first, second] = [clients.call("get", null), clients.call("get", null)];
    for (const call of [first, second]) lie.handle({ type: "call", call }, round);
    const effects = [
      ...lie.handle({ type: "reply", call: first, reply: reply("one") }, round),
      ...lie.handle({ type: "reply", call: second, reply: reply("two") }, round),
    ];
    const heard = effects.flatMap((effect) =>
      effect.type === "answer" ? [[effect.call.id, effect.reply.output]] : [],
    );
    expect(heard).toHaveLength(2);
    if (heard[0]?.[1] === "two") {
      swapped += 1;
      expect(heard).toEqual([
        [first.id, "two"],
        [second.id, "one"],
      ]);
    }
  }
  expect(swapped).toBeGreaterThan(0);
  const alone = new Clients("swapped-replies");
  const waiting = alone.call("get", null);
  const effects: LieEffect[] = [];
  for (let round = 0; round < rounds && effects.length === 0; round += 1) {
    const call = alone.call("get", null);
    for (const one of [waiting, call]) alone.lie.handle({ type: "call", call: one }, round);
    const [effect] = alone.lie.handle({ type: "reply", call, reply: reply("one") }, round);
    if (effect?.type !== "wake") continue;
    expect(effect.atMs).toBe(round + 50);
    effects.push(...alone.lie.handle({ type: "wake", token: effect.token }, effect.atMs));
    expect(effects).toEqual([{ type: "answer", call, reply: reply("one") }]);
  }
  expect(effects).toHaveLength(1);
});

test("a workload without cas has no cas lie, and lies go round the campaign's plans", () => {
  expect(whyNotApplicable("forked-cas", ["get", "put"])).toBe("there is no cas");
  const functions: Readonly<Record<string, readonly string[]>> = { a: ["get", "put", "cas"], b: ["get", "put"] };
  const planned = planCanary(["a", "b"], (cell) => functions[cell] ?? []);
  expect(planned.runs.map(({ cell }) => cell).join("")).toBe("abaaaba");
  expect(planned.notApplicable).toEqual([]);
  const without = planCanary(["b"], (cell) => functions[cell] ?? []);
  expect(without.runs).toHaveLength(6);
  expect(without.notApplicable).toEqual([{ lie: "forked-cas", why: "there is no cas" }]);
});

test("a lie that was missed or never told is said, and the canary does not hold", () => {
  const outcome = (lie: LieName, told: number, caught: boolean) => {
    const { meaning, oneIn } = lieKinds[lie];
    const caughtBy = caught ? "linearizability" : null;
    const counts = { one_in: oneIn, opportunities: 9, told, caught, caught_by: caughtBy, staleness: null };
    return { lie, outcome: { lie, meaning, ...counts }, exit_code: caught ? 1 : 0, report: null };
  };
  const all = summariseCanary([outcome("stale-read", 3, true)], []);
  expect(canaryHolds(all)).toBe(true);
  const some = summariseCanary(
    [
      outcome("stale-read", 3, true),
      outcome("late-put", 2, false),
      outcome("swapped-replies", 0, false),
      { lie: "forked-cas", outcome: null, exit_code: 255, report: null },
      { ...outcome("dropped-put", 0, false), broken: "interrupted" },
      { ...outcome("failed-but-applied", 1, true), broken: "interrupted" },
    ],
    [],
  );
  expect(some).toMatchObject({
    caught: 2,
    of: 6,
    missed: ["late-put"],
    not_told: ["swapped-replies"],
    not_finished: ["forked-cas", "dropped-put"],
  });
  expect(canaryHolds(some)).toBe(false);
  expect(canaryLines(some).map((line) => line.slice(0, 26).trimEnd())).toEqual([
    "canary   2 of 6 lies caugh",
    "  caught stale-read (a rea",
    "  MISSED late-put (a put t",
    "  NOT TOLD swapped-replies",
    "  NOT FINISHED forked-cas",
    "  NOT FINISHED dropped-put",
    "  caught failed-but-applie",
  ]);
  expect(canaryLines(some)[0]).toContain("the canary did not finish: 2 of its runs came to no end");
});

test.each([
  [10, "nine in ten or more from 10 ms of staleness on"],
  [null, "nine in ten at no staleness"],
])("how stale a read must be is told with how many were tried: %s", (smallest, words) => {
  const bins = [
    { from_ms: 5, told: 3, caught: 1 },
    { from_ms: 10, told: 9, caught: 8 },
  ];
  const staleness = { bins, smallest_caught_ms: smallest };
  const outcome = { lie: "stale-read", meaning: "", one_in: 20, opportunities: 9, told: 12, caught: true } as const;
  const result = { lie: "stale-read", exit_code: 1, report: null } as const;
  const lies = summariseCanary([{ ...result, outcome: { ...outcome, caught_by: "linearizability", staleness } }], []);
  const counts = "1 of 1 lies caught; of 12 stale reads, each by itself, 9 are caught";
  expect(canaryLines(lies)[0]).toBe(`canary   ${counts}, ${words}`);
  expect(lies.smallest_staleness_caught_ms).toBe(smallest);
});

test("each stale answer is judged as if it were the only lie", () => {
  const one = (index: number, asked: string, value: string, callNs: number, returnNs: number) => ({
    index,
    process: index,
    function: asked,
    key: "k",
    node: "n1",
    error: null,
    callNs,
    returnNs,
    callEvent: 2 * index + 1,
    returnEvent: 2 * index + 2,
    outcome: "ok" as const,
    ...(asked === "put" ? { input: value, output: null } : { input: null, output: value }),
  });
  const operations = [
    one(0, "put", "a", 0, 1),
    one(1, "put", "b", 2, 9),
    // Answered while b was being written, told to be stale by 3 ms: nobody can know better.
    one(2, "get", "a", 3, 8),
    one(3, "get", "a", 20, 21),
  ];
  const lie = (operation: number, staleMs: number) => ({
    operation,
    time_ns: 0,
    thread: 0,
    node: "n1",
    function: "get",
    key: "k",
    truth: "b",
    stale_ms: staleMs,
  });
  expect(stalenessOf([lie(2, 3), lie(3, 12)], operations, { model: "cas-register", initial: null })).toEqual({
    bins: [
      { from_ms: 2, told: 1, caught: 0 },
      { from_ms: 10, told: 1, caught: 1 },
    ],
    smallest_caught_ms: 10,
  });
});

test.each(lieNames)(
  "%s: the clients of a simulation tell it, its history shows it, and no invariant of the nodes does",
  async (lie) => {
    const flags = { on: "simulation", seed: 11, time_limit_ms: 6_000, nemesis: "none", canary: lie };
    const { plan, system } = await prepareRun({ flags, file: null }, { toxiproxy: null, baseImage: null });
    const deterministic = await system.deterministic?.();
    if (deterministic === undefined) throw new Error("the store can be simulated");
    const simulated = await simulate({ plan, system, deterministic, sink: null });
    expect(simulated.lying?.told.length).toBeGreaterThan(0);
    expect(simulated.seenLive).not.toBeNull();
    expect(simulated.violations).toEqual([]);
  },
);
