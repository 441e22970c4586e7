// How a verdict is put together: which checkers speak for which model and run, what they are handed, in which order violations are
// told, what is warned of, and what every summary says. Small runs written down by hand.
import { describe, expect, test } from "vitest";
import type { HistoryEvent, JsonValue } from "../history/index.js";
import { blindSpots } from "./cannot-see.js";
import { CertificateMismatch } from "./certificate.js";
import { defineModel } from "./define-model.js";
import { judge } from "./judge.js";
import type { JudgeInput, NodeDecisions } from "./judge-input.js";
import { anyModel } from "./model.js";
import {
  runnerEvent,
  smallCas,
  smallGet as get,
  smallPut as put,
  smallRun,
  type SmallOperation,
} from "./testing/small-run.js";
import type { Verdict } from "./verdict.js";

const second = 1e9;

function judged(events: readonly HistoryEvent[], more: Partial<JudgeInput> = {}): Verdict {
  return judge({ mode: "history", events, model: "cas-register", initial: null, corruptions: { count: 0 }, ...more });
}

const names = (verdict: Verdict) => verdict.checkers.map(({ checker }) => checker);
const told = ({ violations }: Verdict) => violations.map((one) => `${one.class} of ${String(one.key)}`);
const reasons = ({ unknown }: Verdict) => unknown.map(({ code, sentence }) => `${code}: ${sentence}`);
const end: HistoryEvent = { type: "phase", time: 100 * second, phase: "end" };
const valid = [put("k", 1, 0), get("k", 1, 2)];
const simple = smallRun(valid);
const add = (element: JsonValue, from: number): SmallOperation => ({ ...put("k", element, from), function: "add" });

describe("the checkers that speak", () => {
  const always = ["crash", "stats", "teeth", "vacuity"];
  test.each(["register", "cas-register", "kv"])("of a %s look for failed writes that were seen", (model) => {
    expect(names(judged(simple, { model }))).toEqual(["linearizability", "failed-but-seen", ...always]);
  });

  test.each(["queue", "unordered-queue"])("of a %s too", (model) => {
    const events = smallRun([{ ...put("k", 1, 0), function: "enqueue" }]);
    expect(names(judged(events, { model, initial: [] }))).toEqual(["linearizability", "failed-but-seen", ...always]);
  });

  test("of a set and of a counter have one of their own, and one for what goes back in time", () => {
    const set = smallRun([add("a", 0), get("k", ["a"], 2)]);
    expect(names(judged(set, { model: "set", initial: [] }))).toEqual([
      "linearizability",
      "set",
      "monotonic",
      ...always,
    ]);
    const counter = smallRun([add(2, 0), get("k", 2, 2)]);
    const verdict = judged(counter, { model: "counter", initial: 0 });
    expect(names(verdict)).toEqual(["linearizability", "counter", "monotonic", ...always]);
    expect(verdict.valid).toBe(true);
  });

  test("of any other model are the common ones", () => {
    const own = defineModel<number>({ name: "own", initial: () => 0, step: (state) => ({ state }) });
    expect(names(judged(simple, { model: own }))).toEqual(["linearizability", ...always]);
    expect(names(judged(smallRun([{ ...put("k", null, 0), function: "acquire" }]), { model: "mutex" }))).toEqual([
      "linearizability",
      ...always,
    ]);
  });

  test("of a model's functions are silent where the model refuses an operation, and where the search threw", () => {
    const refused = judged(smallRun([put("k", 1, 0)]), { model: "set", initial: [] });
    expect([names(refused), refused.unknown.map(({ code }) => code)]).toEqual([
      ["linearizability", ...always],
      ["malformed"],
    ]);
    expect(names(judged(simple, { model: "no such" }))).toEqual(["linearizability", ...always]);
    // A doubt of another kind does not silence them.
    const hard = judged(simple, { budget: { configurations: 0 }, engine: "wing-gong" });
    expect(names(hard)).toContain("failed-but-seen");
    expect(hard.unknown.map(({ code }) => code)).toEqual(["budget"]);
  });

  test("of a run depend on what is known of it", () => {
    const run = (more: Partial<JudgeInput>) => names(judged([...simple, end], { mode: "run", ...more })).slice(3, -3);
    const groups = [{ group: 0, members: ["n1"] }];
    const routed = { groups, groupOfKey: () => 0 };
    expect(run({})).toEqual([]);
    expect(run({ ...routed, recoveryBoundMs: 5 })).toEqual(["availability"]);
    expect(run(routed)).toEqual([]);
    expect(run({ groups, recoveryBoundMs: 5 })).toEqual([]);
    expect(run({ groupOfKey: () => 0, recoveryBoundMs: 5 })).toEqual([]);
    expect(run({ ...routed, recoveryBoundMs: 5, interrupted: "Ctrl-C" })).toEqual([]);
    expect(run({ statuses: [] })).toEqual(["agreement", "ballots"]);
    expect(run({ decisions: [] })).toEqual(["agreement"]);
    expect(run({ decisions: [], groups })).toEqual(["agreement"]);
    expect(run({ decisions: [], groupOfKey: () => 0 })).toEqual(["agreement"]);
    expect(run({ decisions: [], ...routed })).toEqual(["agreement", "acknowledged"]);
    // A recorded history is judged for what clients saw, whatever else is given.
    expect(names(judged(simple, { ...routed, statuses: [], decisions: [], recoveryBoundMs: 5 }))).toEqual(
      names(judged(simple)),
    );
    // Without its end there was no quiet phase.
    expect(names(judged(simple, { mode: "run", ...routed, recoveryBoundMs: 5 }))).not.toContain("availability");
  });

  test("each say by name what they found, and nothing else where nothing is wrong", () => {
    const verdict = judged(simple);
    for (const { valid: one, violations, unknown } of verdict.checkers)
      expect([one, violations, unknown]).toEqual([true, [], []]);
    expect(verdict.teeth.length).toBeGreaterThan(0);
    for (const measure of verdict.teeth) expect(measure).toHaveProperty("meaning");
  });
});

describe("the search for a linearization", () => {
  test("is told the engine, the budget and who watches it", () => {
    const engineOf = (engine?: JudgeInput["engine"]) =>
      judged(simple, engine === undefined ? {} : { engine }).checkers[0]?.keys?.[0]?.engine;
    expect([engineOf(), engineOf("wing-gong"), engineOf("configuration-sets")]).toEqual([
      "no-search",
      "wing-gong",
      "configuration-sets",
    ]);
    expect(reasons(judged(simple, { budget: { configurations: 0 }, engine: "wing-gong" }))[0]).toMatch(
      /more than 0 configurations/,
    );
    expect(reasons(judged(simple, { watch: { signal: AbortSignal.abort() } }))[0]).toMatch(
      /^interrupted: .*asked to stop/,
    );
  });

  // Write 1 is seen again after 2 had replaced it, and stays.
  const back = [put("k", 1, 0), put("k", 2, 2), get("k", 1, 4), get("k", 1, 6, { node: "n2" })];
  const classOf = (repeated: boolean, others: Parameters<typeof smallRun>[1] = []) => {
    const [first, ...rest] = back;
    if (first === undefined) throw new Error("unreachable");
    const attempts = repeated ? { attempts: 2 } : {};
    return told(judged(smallRun([{ ...first, ...attempts }, ...rest], others, second)))[0];
  };
  test("is told of repeated attempts, so that a write done twice is told from a lost one", () => {
    expect(classOf(false)).toBe("lost write of k");
    expect(classOf(true)).toBe("resurrected write of k");
  });

  test("is told when leaders changed, for then writes get lost", () => {
    const node = (what: "leader-change" | "started", time: number) =>
      ({ type: "node", time, node: "n1", what, expected: true, detail: null }) as const;
    expect(classOf(true, [node("leader-change", 3.5 * second)])).toBe("lost write of k");
    expect(classOf(true, [node("started", 3.5 * second)])).toBe("resurrected write of k");
    expect(classOf(true, [node("leader-change", 60 * second)])).toBe("resurrected write of k");
    expect(classOf(true, [runnerEvent(3.5 * second, "note", null)])).toBe("resurrected write of k");
  });
});

describe("violations", () => {
  const nowhere = (key: string, from: number) => [get(key, 77, from)];
  const failed = (key: string, from: number) => [put(key, 5, from, { outcome: "fail" }), get(key, 5, from + 2)];
  const lost = (key: string, from: number) => [
    put(key, 1, from),
    put(key, 2, from + 2),
    get(key, 1, from + 4),
    get(key, 1, from + 6, { node: "n2" }),
  ];
  const resurrected = (key: string, from: number) => [put(key, 1, from, { attempts: 2 }), ...lost(key, from).slice(1)];
  const forked = (key: string, from: number) => [
    put(key, 1, from),
    smallCas(key, 1, 2, from + 2),
    smallCas(key, 1, 3, from + 2),
  ];
  const stale = (key: string, from: number) => [
    put(key, 1, from),
    put(key, 2, from + 2),
    get(key, 1, from + 4),
    get(key, 2, from + 6),
  ];
  const crash: HistoryEvent = {
    type: "node",
    time: 90,
    node: "n1",
    what: "exited",
    expected: false,
    detail: { code: 1, signal: null },
  };

  test("that equally many keys show come by how much they say, whenever they happened", () => {
    const run = smallRun(
      [
        ...stale("s", 0),
        ...forked("f", 10),
        ...resurrected("r", 20),
        ...lost("l", 30),
        ...failed("x", 40),
        ...nowhere("n", 50),
      ],
      [crash],
    );
    expect(told(judged(run))).toEqual([
      "crash of null",
      "value from nowhere of n",
      "read of a failed write of x",
      "lost write of l",
      "resurrected write of r",
      "forked CAS of f",
      "stale read of s",
    ]);
  });

  test("that more keys show come first, and in order of time among themselves", () => {
    const run = smallRun([...nowhere("n", 0), ...stale("s1", 40), ...stale("s2", 20)]);
    const verdict = judged(run);
    expect(told(verdict)).toEqual(["stale read of s2", "stale read of s1", "value from nowhere of n"]);
    expect(verdict.summary).toBe(`Violation (and 2 more): stale read. ${verdict.violations[0]?.sentence}`);
    const single = judged(smallRun(stale("s", 0)));
    expect(single.summary).toBe(`Violation: stale read. ${single.violations[0]?.sentence}`);
  });

  test("that a proof is given for are not told again without; what the search did not judge is told by those that need none", () => {
    const run = smallRun(failed("x", 0));
    const verdict = judged(run);
    expect(told(verdict)).toEqual(["read of a failed write of x"]);
    expect(verdict.violations[0]?.checker).toBe("linearizability");
    expect(verdict.checkers.find(({ checker }) => checker === "failed-but-seen")?.valid).toBe(false);
    const unjudged = judged(run, { budget: { configurations: 0 }, engine: "wing-gong" });
    expect(told(unjudged)).toEqual(["read of a failed write of x"]);
    expect([unjudged.valid, unjudged.violations[0]?.checker]).toEqual([false, "failed-but-seen"]);
    // The same class on another key, and another class on the same key, do not stand for it.
    const two = judged(
      smallRun([...failed("x", 0), put("y", 5, 0, { outcome: "fail" }), get("y", 77, 2), get("y", 5, 4)]),
    );
    expect(told(two)).toContain("value from nowhere of y");
    expect(told(two).filter((one) => one === "read of a failed write of y")).toHaveLength(1);
    // Two checkers that find different things on one key are both heard.
    const both = smallRun([{ ...add("a", 0) }, get("k", ["a"], 2), get("k", [], 4)]);
    expect(new Set(judged(both, { model: "set", initial: [] }).violations.map(({ checker }) => checker)).size).toBe(2);
  });

  test("that the nodes' own log tells come before those of any number of keys", () => {
    const log = (node: string): NodeDecisions => ({
      node,
      group: 0,
      decisions: [{ index: 1, hash: "a", command: { id: "1", function: "put", key: "l", input: 1 } }],
    });
    const members = ["n1", "n2", "n3"];
    const input: Partial<JudgeInput> = {
      mode: "run",
      groups: [
        { group: 0, members },
        { group: 1, members },
      ],
      groupOfKey: (key) => (key === "l" ? 0 : 1),
      decisions: members.map(log),
    };
    const run = [...smallRun([...stale("s1", 0), ...stale("s2", 10), ...stale("s3", 20), ...lost("l", 30)]), end];
    const verdict = judged(run, input);
    expect(verdict.violations[0]).toMatchObject({ class: "lost write", key: "l", evidence: "decided-log" });
    expect(told(judged(run, { ...input, decisions: [] }))[0]).toBe("stale read of s1");
  });

  test("stand over every doubt", () => {
    const verdict = judged(smallRun(stale("s", 0), [runnerEvent(50, "interrupted", "SIGINT")]));
    expect([verdict.valid, verdict.unknown.map(({ code }) => code)]).toEqual([false, ["interrupted"]]);
    expect(verdict.summary).toMatch(/^Violation: stale read\. /);
  });
});

describe("a summary of what is not wrong", () => {
  test("counts operations, keys and the faults that were confirmed", () => {
    const stage = (fault: number, what: "requested" | "confirmed-on", time: number) =>
      ({ type: "fault", time, fault, stage: what, kind: "kill", spec: null, targets: ["n1"], evidence: null }) as const;
    expect(judged(simple).summary).toBe("Valid: 2 operations on 1 key are consistent.");
    expect(judged(smallRun([...valid, put("l", 1, 5)], [stage(0, "requested", 6)])).summary).toBe(
      "Valid: 3 operations on 2 keys are consistent.",
    );
    expect(
      judged(smallRun(valid, [stage(0, "requested", 1), stage(1, "requested", 1), stage(1, "confirmed-on", 2)]))
        .summary,
    ).toBe("Valid: 2 operations on 1 key under 1 faults are consistent.");
  });

  test("gives the first doubt and how many more there are", () => {
    expect(judged(simple, { interrupted: "Ctrl-C" }).summary).toBe(
      "Unknown: interrupted: the run was cut short: Ctrl-C.",
    );
    const twice = smallRun(valid, [runnerEvent(9, "proxy-died", "exit 1")]);
    expect(judged(twice, { interrupted: "Ctrl-C" }).summary).toBe(
      "Unknown (and 1 more reasons): interrupted: the run was cut short: Ctrl-C.",
    );
  });
});

describe("why a run is no whole one", () => {
  test("is told by whoever knows, and by the missing end only where nobody does", () => {
    const cut = runnerEvent(9, "interrupted", { signal: "SIGINT" });
    const died = runnerEvent(9, "proxy-died", { code: 137 });
    const run = (others: Parameters<typeof smallRun>[1], more: Partial<JudgeInput> = {}) =>
      reasons(judged(smallRun(valid, others), { mode: "run", finalReads: false, ...more }));
    expect(run([])).toEqual(["interrupted: the history ends in mid-run"]);
    expect(run([end])).toEqual([]);
    expect(run([{ type: "phase", time: 50, phase: "quiet" }])).toEqual(["interrupted: the history ends in mid-run"]);
    expect(run([cut])).toEqual(['interrupted: the run was cut short: {"signal":"SIGINT"}']);
    // Who asks for the verdict knows better than the record.
    expect(run([cut], { interrupted: "a violation" })).toEqual(["interrupted: the run was cut short: a violation"]);
    expect(run([cut, died, end])).toEqual([
      'interrupted: the run was cut short: {"signal":"SIGINT"}',
      'infrastructure: the proxy died in mid-run: {"code":137}',
    ]);
    expect(run([runnerEvent(9, "note", "interrupted"), end])).toEqual([]);
    expect(reasons(judged(simple))).toEqual([]);
    expect(reasons(judged(smallRun(valid, [died])))).toEqual([
      'infrastructure: the proxy died in mid-run: {"code":137}',
    ]);
  });

  test("stands for all that it did not get to: no floor and no missing fault is told beside it", () => {
    const weak = { mode: "run", floors: { completed_operations: 100 }, expectedFaults: 2 } as const;
    const run = [...simple, end];
    expect(reasons(judged(run, { ...weak, interrupted: "Ctrl-C" }))).toEqual([
      "interrupted: the run was cut short: Ctrl-C",
    ]);
    expect(reasons(judged(run, { ...weak, endedByViolation: true }))).toEqual([
      "interrupted: the load was ended when a violation was seen",
    ]);
    const whole = judged(run, { ...weak, endedByViolation: false });
    expect(whole.unknown.map(({ code }) => code)).toEqual(["weak", "vacuous", "vacuous", "vacuous"]);
  });

  test("without a single answer there is nothing to judge", () => {
    const events = smallRun([put("k", 1, 0, { outcome: "info" }), put("k", 2, 0, { outcome: "fail" })]);
    expect(reasons(judged(events))).toEqual(["nothing-to-judge: no operation was answered: there is nothing to judge"]);
    expect(reasons(judged(events, { interrupted: "Ctrl-C" }))).toEqual([
      "interrupted: the run was cut short: Ctrl-C",
      "nothing-to-judge: no operation was answered: there is nothing to judge",
    ]);
    expect(judged(events).counts).toEqual({ operations: 2, ok: 0, fail: 1, info: 1 });
  });
});

describe("warnings and blind spots", () => {
  test("those given come first, then trouble of the runner's, each in a sentence", () => {
    const events = smallRun(valid, [
      runnerEvent(1.5 * second, "cluster-error", "docker: no such container"),
      runnerEvent(2 * second, "dropped-arrivals", { count: 12 }),
      runnerEvent(3 * second, "dropped-arrivals", null),
      runnerEvent(4 * second, "note", "nothing"),
      runnerEvent(5 * second, "lag", { lag_ms: 1, count: 3 }),
    ]);
    const verdict = judged(events, { warnings: ["a torn last line"], cannotSee: ["the moon"] });
    expect(verdict.warnings).toEqual([
      "a torn last line",
      'cluster error at 1.500 s: "docker: no such container"',
      "12 arrivals found every client busy and were dropped: load that was owed and not given",
      "cluster error at 3.000 s: null",
    ]);
    expect(verdict.cannotSee).toEqual([...blindSpots("history", []), "the moon"]);
    expect(judged(simple).warnings).toEqual([]);
    expect(judged(simple).cannotSee).toEqual(blindSpots("history", []));
  });

  test("a core that the verifier re-checked needs no warning", () => {
    const verdict = judged(smallRun([get("k", 7, 0)]));
    expect(verdict.violations[0]?.certificate?.verified).toBe(true);
    expect(verdict.warnings).toEqual([]);
  });

  test("what is no history is unknown, with the warnings that were given and nothing else", () => {
    const broken = simple.toReversed();
    const verdict = judged(broken, { warnings: ["a torn last line"] });
    expect(verdict).toEqual({
      version: 1,
      valid: "unknown",
      summary: expect.stringMatching(/^Unknown: malformed: .*\.$/) as string,
      violations: [],
      unknown: [{ code: "malformed", sentence: expect.stringContaining("event") as string }],
      warnings: ["a torn last line"],
      checkers: [],
      teeth: [],
      cannotSee: blindSpots("history", []),
      counts: { operations: 0, ok: 0, fail: 0, info: 0 },
    });
    expect(judged(broken).warnings).toEqual([]);
  });
});

describe("damages to the history", () => {
  test("are as many as are asked for, and none where something is wrong or undecided", () => {
    const figures = (more: Partial<JudgeInput>, events = simple) =>
      judged(events, more)
        .teeth.filter(({ name }) => name === "corruptions judged")
        .map(({ value, meaning }) => [value, meaning]);
    expect(figures({ corruptions: { count: 7, seed: 3 } })).toEqual([[7, "of 7 wanted; seed 3"]]);
    expect(figures({ corruptions: { count: 7 } })).toEqual([[7, "of 7 wanted; seed 1"]]);
    expect(figures({ corruptions: {} })).toEqual([[1000, "of 1000 wanted; seed 1"]]);
    expect(figures({ corruptions: { count: 0 } })).toEqual([]);
    const wrong = judged(smallRun([...valid, get("l", 7, 9)]), { corruptions: { count: 7 } });
    expect(wrong.teeth.map(({ name }) => name)).toEqual(judged(simple).teeth.map(({ name }) => name));
  });
});

test("a checker that throws is named, finds nothing, and leaves the others' findings alone", () => {
  const quiet: HistoryEvent = { type: "phase", time: 50, phase: "quiet" };
  const verdict = judged([...simple, quiet, end], {
    mode: "run",
    finalReads: false,
    groups: [{ group: 0, members: ["n1"] }],
    groupOfKey: () => {
      throw new Error("no group");
    },
    recoveryBoundMs: 5,
    decisions: [],
    // What a status file may hold that was cut short.
    statuses: [null] as readonly unknown[] as NonNullable<JudgeInput["statuses"]>,
  });
  expect(verdict.violations).toEqual([]);
  expect(verdict.unknown.map(({ code }) => code)).toEqual(Array.from({ length: 4 }, () => "checker-threw"));
  expect(reasons(verdict).map((one) => /the ([\w-]+) checker threw: ./.exec(one)?.[1])).toEqual([
    "availability",
    "agreement",
    "ballots",
    "acknowledged",
  ]);
  expect(reasons(verdict)[0]).toBe("checker-threw: the availability checker threw: no group");
  expect(verdict.checkers[0]?.valid).toBe(true);
});

test("a proof that does not stand up is thrown on: no verdict can be relied on then", () => {
  const broken = anyModel<number>({
    name: "broken",
    initial: () => 0,
    step: (state) => ({ state: state + 1 }),
    identify: () => {
      throw new CertificateMismatch("two and two are five");
    },
    refuses: () => null,
    isRead: () => false,
  });
  expect(() => judged(simple, { model: broken })).toThrow(CertificateMismatch);
});
