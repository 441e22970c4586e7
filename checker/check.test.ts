// `check` is what a user of the library calls: any form of a history, a model by name or of one's own with its types, budgets, an
// abort signal and progress.
import { describe, expect, test } from "vitest";
import { readHistory, type HistoryEvent } from "../history/index.js";
import { check, type CheckProgress, type RecordedOperation } from "./check.js";
import { defineModel, replay, type OperationOf } from "./define-model.js";

type AccountFunctions = {
  readonly deposit: { readonly input: number; readonly output: null };
  readonly withdraw: { readonly input: number; readonly output: "done" | "too little" };
  readonly balance: { readonly input: null; readonly output: number };
};

const account = defineModel<number, AccountFunctions>({
  name: "account",
  initial: () => 0,
  step(balance, operation) {
    switch (operation.function) {
      case "deposit":
        return { state: balance + operation.input };
      case "withdraw":
        if (operation.outcome === "info")
          return { state: balance < operation.input ? balance : balance - operation.input };
        if (balance < operation.input) return operation.output === "too little" ? { state: balance } : "illegal";
        return operation.output === "done" ? { state: balance - operation.input } : "illegal";
      case "balance":
        return operation.outcome === "info" || operation.output === balance ? { state: balance } : "illegal";
    }
  },
  isRead: (operation) => operation.function === "balance",
});

const deposit = { process: 0, function: "deposit", input: 10, output: null, callNs: 0, returnNs: 1 } as const;
const withdrawn = { process: 1, function: "withdraw", input: 7, output: "done", callNs: 2, returnNs: 5 } as const;
const balanceOf = (output: number, callNs: number) =>
  ({ process: 2, function: "balance", input: null, output, callNs, returnNs: callNs + 1 }) as const;

describe("check", () => {
  test("judges operations by a typed model of one's own", async () => {
    const history: readonly RecordedOperation<AccountFunctions>[] = [
      deposit,
      withdrawn,
      balanceOf(10, 3),
      balanceOf(3, 6),
    ];
    const result = await check(history, account);
    expect(result).toMatchObject({ valid: true, keys: [{ linearization: [0, 2, 1, 3], engine: "wing-gong" }] });
  });

  test("finds what no order explains, with a core", async () => {
    const result = await check([deposit, withdrawn, balanceOf(10, 6)], account);
    expect(result).toMatchObject({
      valid: false,
      violations: [{ operations: [1, 2], certificate: { minimal: true } }],
    });
  });

  test("refuses a history of another model's functions and types", () => {
    // @ts-expect-error -- no such function
    const wrongFunction: RecordedOperation<AccountFunctions> = { ...deposit, function: "rob" };
    // @ts-expect-error -- a text is no sum
    const wrongInput: RecordedOperation<AccountFunctions> = { ...deposit, input: "10" };
    expect([wrongFunction, wrongInput]).toHaveLength(2);
  });

  test("an operation without a return is of unknown outcome, and one that failed did not happen", async () => {
    const unknown = { process: 0, function: "deposit", input: 10, callNs: 0, returnNs: null } as const;
    const failed = { process: 1, function: "deposit", input: 5, outcome: "fail", callNs: 0, returnNs: 1 } as const;
    expect((await check([unknown, failed, balanceOf(10, 2)], account)).valid).toBe(true);
    expect((await check([unknown, failed, balanceOf(0, 2)], account)).valid).toBe(true);
    expect((await check([unknown, failed, balanceOf(5, 2)], account)).valid).toBe(false);
  });

  test("takes what readHistory gives, and its events", async () => {
    const document = readHistory("{:type :invoke :process 0 :f :read}\n{:type :ok :process 0 :f :read :value 4}\n", {
      initial: 4,
    });
    if (document instanceof Error) throw document;
    expect((await check(document, document.model)).valid).toBe(true);
    expect((await check(document, document.model, { initial: 5 })).valid).toBe(false);
    expect((await check(document.events, "cas-register", { initial: 4 })).valid).toBe(true);
    expect((await check(document.events, "cas-register")).valid).toBe(false);
  });

  test("a history that is none is unknown, naming the operation", async () => {
    const busy = await check([deposit, { ...deposit, callNs: 0 }], account);
    expect(busy).toMatchObject({
      valid: "unknown",
      unknown: [{ sentence: "operation 1 (deposit, event 1): process 0 is busy with operation 0" }],
    });
    const back = await check([{ ...deposit, callNs: 9 }], account);
    expect(back).toMatchObject({
      valid: "unknown",
      unknown: [{ code: "malformed", sentence: expect.stringContaining("operation 0") as string }],
    });
  });

  test("tells what is no history in full, and nothing else", async () => {
    expect(await check([{ ...deposit, callNs: 9 }], account)).toEqual({
      checker: "linearizability",
      valid: "unknown",
      violations: [],
      unknown: [{ code: "malformed", sentence: "operation 0 (deposit, event 0): it returns before it is called" }],
      keys: [],
    });
    expect(await check([], account)).toEqual({
      checker: "linearizability",
      valid: true,
      violations: [],
      unknown: [],
      keys: [],
    });
  });

  test("takes the initial value from a header, where there is one and none is given", async () => {
    const events = (header: readonly HistoryEvent[]): readonly HistoryEvent[] => [
      ...header,
      { type: "invoke", time: 0, process: 0, thread: 0, node: null, function: "get", key: null, input: null },
      { type: "ok", time: 1, process: 0, function: "get", key: null, output: 4 },
    ];
    const header: HistoryEvent = {
      type: "header",
      format: "minos-history",
      version: 1,
      model: "register",
      initial: 4,
      keyed: false,
      clock: { unit: "ns", origin: "run-start" },
      plan: "p",
      run: "r",
      build: null,
      concurrency: 1,
      startedAt: "2026-01-01T00:00:00Z",
    };
    expect((await check(events([header]), "register")).valid).toBe(true);
    expect((await check(events([header]), "register", { initial: 5 })).valid).toBe(false);
    expect((await check(events([]), "register")).valid).toBe(false);
    expect((await check(events([{ type: "phase", time: 0, phase: "load" }]), "register", { initial: 4 })).valid).toBe(
      true,
    );
  });

  test("takes events or operations, and no mixture", async () => {
    const phase: HistoryEvent = { type: "phase", time: 0, phase: "load" };
    const mixed = [phase, deposit] as readonly object[] as readonly HistoryEvent[];
    await expect(check(mixed, "register")).rejects.toThrow("a history holds events or operations, not both");
  });

  test("what is said to be of unknown outcome never returned, whatever its record says", async () => {
    const returned = { ...deposit, outcome: "info", returnNs: 1 } as const;
    const history = [returned, balanceOf(0, 2)] as readonly object[] as readonly RecordedOperation[];
    expect((await check(history, account)).valid).toBe(true);
    // Its answer is not believed either, nor is a failure's.
    const odd = [{ ...balanceOf(99, 0), outcome: "info" }] as readonly object[] as readonly RecordedOperation[];
    expect((await check(odd, account)).valid).toBe(true);
  });

  test("tells violations in order of time, and passes on what a model throws", async () => {
    const history = [
      { ...balanceOf(0, 0), key: "late" },
      { ...balanceOf(1, 9), key: "early" },
      { ...balanceOf(2, 20), key: "late" },
    ];
    const result = await check(history, account);
    expect([result.checker, result.keys.map(({ key }) => key)]).toEqual(["linearizability", ["late", "early"]]);
    expect(result.violations.map(({ key }) => key)).toEqual(["early", "late"]);
    const throws = defineModel<number>({
      name: "throws",
      initial: () => 0,
      step: (state) => ({ state }),
      refuses: () => {
        throw new Error("no shape");
      },
    });
    await expect(check([deposit], throws)).rejects.toThrow("no shape");
  });

  test("counts the configurations of all keys together", async () => {
    const many = (key: string) =>
      Array.from({ length: 6 }, (_, process) => ({ ...deposit, key, process, input: process + 1, returnNs: 100 }));
    const heard: number[] = [];
    const history = [...many("a"), ...many("b").map((one) => ({ ...one, process: one.process + 10 }))];
    await check(history, account, { onProgress: ({ configurations }) => heard.push(configurations) });
    expect(heard).toHaveLength(2);
    expect(heard[0]).toBeGreaterThan(0);
    expect(heard[1]).toBeGreaterThan(heard[0] ?? Infinity);
  });

  test("an unknown model's name rejects", async () => {
    await expect(check([deposit], "acount")).rejects.toThrow(/"acount" is not one of/);
  });

  test("tells progress key by key and keeps the order of first calls", async () => {
    const heard: CheckProgress[] = [];
    const history = [
      { ...balanceOf(0, 0), key: "large" },
      { ...balanceOf(0, 3), key: "large" },
      { ...balanceOf(1, 6), key: "small" },
    ];
    const result = await check(history, account, { onProgress: (progress) => heard.push(progress) });
    expect(result.keys.map(({ key, valid }) => [key, valid])).toEqual([
      ["large", true],
      ["small", false],
    ]);
    expect(heard).toEqual([
      {
        keys: 2,
        keysJudged: 1,
        operations: 3,
        operationsJudged: 1,
        violations: 1,
        configurations: expect.any(Number) as number,
      },
      {
        keys: 2,
        keysJudged: 2,
        operations: 3,
        operationsJudged: 3,
        violations: 1,
        configurations: expect.any(Number) as number,
      },
    ]);
  });

  test("an aborted signal rejects, at the start and between keys", async () => {
    await expect(check([deposit], account, { signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow(
      "enough",
    );
    const abort = new AbortController();
    const keys = [0, 1, 2].map((key) => ({ ...balanceOf(0, key * 3), key }));
    const judged = check(keys, account, { signal: abort.signal, onProgress: () => abort.abort(new Error("seen one")) });
    await expect(judged).rejects.toThrow("seen one");
  });

  test("a budget that runs out is unknown and says which", async () => {
    const many = Array.from({ length: 12 }, (_, process) => ({
      ...deposit,
      process,
      input: process + 1,
      callNs: 0,
      returnNs: 100,
    }));
    const result = await check([...many, { ...balanceOf(1000, 200), process: 50 }], account, {
      budget: { configurations: 50 },
    });
    expect(result).toMatchObject({ valid: "unknown", unknown: [{ code: "budget" }] });
    expect(result.unknown[0]?.sentence).toMatch(/configurations/);
  });
});

describe("a model of one's own", () => {
  test("may be nondeterministic: any choice that explains all answers will do", async () => {
    type Functions = {
      readonly draw: { readonly input: null; readonly output: null };
      readonly show: { readonly input: null; readonly output: number };
    };
    const card = defineModel<number, Functions>({
      name: "card",
      nondeterministic: true,
      initial: () => 0,
      step(state, operation) {
        if (operation.function === "draw") return { states: [1, 2, 3] };
        return operation.outcome === "info" || operation.output === state ? { state } : "illegal";
      },
      isRead: (operation) => operation.function === "show",
    });
    const draw = { process: 0, function: "draw", input: null, output: null, callNs: 0, returnNs: 1 } as const;
    const show = (output: number, callNs: number) =>
      ({ process: 1, function: "show", input: null, output, callNs, returnNs: callNs + 1 }) as const;
    expect((await check([draw, show(2, 2), show(2, 4)], card)).valid).toBe(true);
    expect((await check([draw, show(2, 2), show(3, 4)], card)).valid).toBe(false);
    expect((await check([draw, show(4, 2)], card)).valid).toBe(false);
    // The first look at the card must not commit the search to it while a second draw is still open.
    const long = { ...draw, process: 2, callNs: 2, returnNs: 9 };
    expect((await check([draw, long, show(2, 3), show(3, 5)], card)).valid).toBe(true);
    expect(() => replay(card, [{ function: "show", key: null, input: null, outcome: "ok", output: 1 }])).toThrow(
      "show",
    );
    const steps: readonly OperationOf<Functions>[] = [
      { function: "draw", key: null, input: null, outcome: "ok", output: null },
      { function: "show", key: null, input: null, outcome: "ok", output: 3 },
    ];
    expect(replay(card, steps).map(({ states }) => states)).toEqual([[1, 2, 3], [3]]);
  });

  test("that answers several states without saying so is an error", async () => {
    const model = defineModel<number>({ name: "loose", initial: () => 0, step: () => ({ states: [1, 2] }) });
    await expect(check([deposit], model)).rejects.toThrow(/say nondeterministic: true/);
  });

  test("may part the history by more, or less, than its keys", async () => {
    type Transfer = {
      readonly move: { readonly input: { readonly to: string; readonly sum: number }; readonly output: null };
      readonly total: { readonly input: null; readonly output: number };
    };
    const bank = defineModel<Readonly<Record<string, number>>, Transfer>({
      name: "bank",
      initial: () => ({ a: 5, b: 0 }),
      partition: () => "the bank",
      step(state, operation) {
        const own = String(operation.key);
        if (operation.function === "total")
          return operation.outcome === "info" || state[own] === operation.output ? { state } : "illegal";
        const { to, sum } = operation.input;
        return { state: { ...state, [own]: (state[own] ?? 0) - sum, [to]: (state[to] ?? 0) + sum } };
      },
      isRead: (operation) => operation.function === "total",
    });
    const move = {
      process: 0,
      function: "move",
      key: "a",
      input: { to: "b", sum: 3 },
      output: null,
      callNs: 0,
      returnNs: 1,
    } as const;
    const total = (key: string, output: number) =>
      ({ process: 1, function: "total", key, input: null, output, callNs: 2, returnNs: 3 }) as const;
    expect(await check([move, total("b", 3)], bank)).toMatchObject({ valid: true, keys: [{ key: "the bank" }] });
    expect((await check([move, total("b", 0)], bank)).valid).toBe(false);
  });

  test("unknown operations on different keys of one part do not stand for each other", async () => {
    type Functions = {
      readonly mark: { readonly input: null; readonly output: null };
      readonly marked: { readonly input: null; readonly output: boolean };
    };
    const board = defineModel<readonly string[], Functions>({
      name: "board",
      initial: () => [],
      partition: () => null,
      step(state, { function: name, key, output, outcome }) {
        if (name === "mark") return { state: [...new Set([...state, String(key)])].sort() };
        return outcome === "info" || output === state.includes(String(key)) ? { state } : "illegal";
      },
    });
    const mark = (key: string, process: number) =>
      ({ process, function: "mark", key, input: null, callNs: process, returnNs: null }) as const;
    const marked = {
      process: 9,
      function: "marked",
      key: "b",
      input: null,
      callNs: 5,
      returnNs: 6,
      output: true,
    } as const;
    const unmarked = { ...marked, key: "a", callNs: 7, returnNs: 8, output: false } as const;
    expect((await check([mark("a", 0), mark("b", 1), marked, unmarked], board)).valid).toBe(true);
  });

  test("may say itself when states are equal, with a hash and without", async () => {
    type Functions = {
      readonly add: { readonly input: number; readonly output: null };
      readonly has: { readonly input: number; readonly output: boolean };
    };
    for (const hash of [undefined, (state: ReadonlySet<number>) => state.size]) {
      const bag = defineModel<ReadonlySet<number>, Functions>({
        name: "bag",
        initial: () => new Set(),
        step(state, operation) {
          if (operation.function === "add") return { state: new Set([...state, operation.input]) };
          return operation.outcome === "info" || operation.output === state.has(operation.input)
            ? { state }
            : "illegal";
        },
        equal: (left, right) => left.size === right.size && [...left].every((item) => right.has(item)),
        ...(hash === undefined ? {} : { hash }),
      });
      const add = (input: number) =>
        ({ process: input, function: "add", input, output: null, callNs: 0, returnNs: 9 }) as const;
      const has = (input: number, output: boolean) =>
        ({ process: 20, function: "has", input, output, callNs: 10, returnNs: 11 }) as const;
      const adds = [1, 2, 3, 4, 5, 6, 7].map(add);
      expect((await check([...adds, has(3, true)], bag)).valid).toBe(true);
      const result = await check([...adds, has(8, true)], bag, { budget: { configurations: 2_000 } });
      // 7! orders, but only 2^7 different sets: equal states were recognised.
      expect(result.valid).toBe(false);
    }
  });

  test("whose states JSON cannot carry must say when they are equal", async () => {
    const model = defineModel<ReadonlySet<number>>({
      name: "bag",
      initial: () => new Set(),
      step: (state) => ({ state }),
    });
    await expect(check([deposit], model)).rejects.toThrow(
      /a state holds a value \(object\) that JSON cannot carry; give the model identify/,
    );
    const loose = defineModel<number>({ name: "nan", initial: () => NaN, step: (state) => ({ state }) });
    await expect(check([deposit], loose)).rejects.toThrow(/a state holds NaN/);
  });

  test("must have a name and one way to tell states apart", () => {
    const base = { name: "fine", initial: () => 0, step: (state: number) => ({ state }) };
    expect(() => defineModel<number>({ ...base, name: "Not Fine" })).toThrow(/kebab-case/);
    expect(() => defineModel<number>({ ...base, hash: String })).toThrow(/give equal too/);
    expect(() => defineModel<number>({ ...base, identify: String, equal: Object.is })).toThrow(/not both/);
  });
});
