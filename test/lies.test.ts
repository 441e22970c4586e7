// Shows that lies of the harness itself are caught. Each lie is told on a run that is right, and must not pass as right; the
// unchanged run must. Lies that need a cluster (a nemesis that does nothing, a heal skipped, a fault on the wrong link) are
// told in nemesis/nemesis.test.ts and nemesis/nemesis.local.test.ts, a client's (a time-out recorded as fail) also in
// cluster/testing/client-conformance.ts.
import { describe, expect, test } from "vitest";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exitCodes, fixedParallel, runCells, type CellResult } from "../campaign/index.js";
import { judge, registerSpecification, verifyLinearization, type Validity } from "../checker/index.js";
import { simulateRegister } from "../checker/testing/simulated-register.js";
import {
  formatEvent,
  MemorySink,
  operationsOf,
  readHistory,
  Recorder,
  type CompleteEvent,
  type HistoryEvent,
  type JsonValue,
} from "../history/index.js";

const options = { seed: 7, clients: 10, keys: 3, operations: 3000, unknownShare: 0.05 } as const;
const truth = simulateRegister(options);

function verdictOf(events: readonly HistoryEvent[], initial: JsonValue = null): Validity {
  return judge({ mode: "history", events, model: "cas-register", initial }).valid;
}

const isCompletion = (event: HistoryEvent): event is CompleteEvent =>
  event.type === "ok" || event.type === "fail" || event.type === "info";

test("the run on which the lies are told is right", () => {
  expect(verdictOf(truth)).toBe(true);
});

describe("lies of the recording", () => {
  test("a return stamped at the call is a false order that no register can explain", () => {
    // Each completion moves to just behind its own call; times are counted anew.
    const completions = new Map<number, CompleteEvent[]>();
    for (const event of truth) {
      if (isCompletion(event)) completions.set(event.process, [...(completions.get(event.process) ?? []), event]);
    }
    let time = 0;
    const lie = truth.flatMap((event): HistoryEvent[] => {
      if (isCompletion(event)) return [];
      if (event.type === "header") return [event];
      time += 10;
      if (event.type !== "invoke") return [{ ...event, time }];
      const end = completions.get(event.process)?.shift();
      return [{ ...event, time }, ...(end === undefined ? [] : [{ ...end, time: time + 1 }])];
    });
    expect(verdictOf(lie)).toBe(false);
  });

  test("a time-out recorded as a certain failure shows as soon as somebody reads what it wrote", () => {
    const lie = truth.map((event): HistoryEvent => (event.type === "info" ? { ...event, type: "fail" } : event));
    expect(truth.some((event) => event.type === "info")).toBe(true);
    expect(verdictOf(lie)).toBe(false);
  });

  test("an operation dropped under load leaves values from nowhere", () => {
    const dropped = truth.findIndex((event) => event.type === "invoke" && event.function === "put");
    const call = truth[dropped];
    if (call?.type !== "invoke") throw new Error("the run holds no put");
    const end = truth.findIndex(
      (event, index) => index > dropped && isCompletion(event) && event.process === call.process,
    );
    expect(verdictOf(truth.filter((_, index) => index !== dropped && index !== end))).toBe(false);
  });

  test("a completion dropped under load leaves a process that calls while it is busy", () => {
    const end = truth.findIndex((event) => event.type === "ok");
    expect(verdictOf(truth.filter((_, index) => index !== end))).toBe("unknown");
    expect(() => operationsOf(truth.filter((_, index) => index !== end))).toThrow("is still open");
  });

  test("a process used again after an info is refused by the recorder and by the reader", () => {
    const header = { model: "cas-register", initial: null, keyed: true, plan: "p", run: "r", build: null };
    const recorder = new Recorder({
      clock: () => 0,
      sink: new MemorySink(),
      header: { ...header, concurrency: 1, startedAt: "" },
    });
    const call = { process: 0, thread: 0, node: null, function: "get", key: "k", input: null };
    recorder.call(call);
    recorder.complete({ type: "info", process: 0, function: "get", key: "k", output: null });
    expect(() => recorder.call(call)).toThrow("must not speak again");
    const events = recorder.events;
    const again: HistoryEvent = { type: "invoke", time: 10, ...call };
    expect(verdictOf([...events, again])).toBe("unknown");
  });

  test("a torn line is never read as the ok that it may have become", () => {
    const whole = truth.slice(0, 200).map((event) => formatEvent(event).trimEnd());
    const last = whole.findLastIndex((line) => line.includes('"type":"ok"'));
    const torn = `${whole.slice(0, last).join("\n")}\n${(whole[last] ?? "").slice(0, -10)}`;
    const document = readHistory(torn, { format: "jsonl" });
    if (document instanceof Error) throw document;
    expect(document.torn).not.toBeNull();
    expect(document.operations.filter(({ outcome }) => outcome === "ok")).toHaveLength(
      whole.slice(0, last).filter((line) => line.includes('"type":"ok"')).length,
    );
  });
});

describe("lies of the judge", () => {
  test("keys split wrongly: two keys judged as one contradict each other", () => {
    const lie = truth.map((event): HistoryEvent => ("key" in event ? { ...event, key: "all" } : event));
    expect(verdictOf(lie)).toBe(false);
  });

  test("a wrong initial value contradicts the first reads", () => {
    expect(verdictOf(truth, 17)).toBe(false);
  });

  test("a checker that always says true has no linearization that the verifier takes", () => {
    const key = "k";
    const step = (time: number, name: string, input: JsonValue, output: JsonValue): HistoryEvent[] => [
      { type: "invoke", time, process: 0, thread: 0, node: null, function: name, key, input },
      { type: "ok", time: time + 1, process: 0, function: name, key, output },
    ];
    const wrong = operationsOf([
      ...step(1, "put", 1, { previous: null }),
      ...step(3, "put", 2, { previous: 1 }),
      ...step(5, "get", null, 1),
    ]);
    const claim = wrong.map((operation) => operation.index);
    expect(verifyLinearization(registerSpecification(null), wrong, claim)).not.toBeNull();
    expect(verifyLinearization(registerSpecification(null), wrong.slice(0, 2), claim.slice(0, 2))).toBeNull();
  });
});

describe("lies of the command", () => {
  async function resultOf(script: string): Promise<CellResult> {
    const folder = mkdtempSync(join(tmpdir(), "minos-lies-"));
    const program = join(folder, "minos.mjs");
    writeFileSync(program, script);
    chmodSync(program, 0o755);
    const cells = [{ workload: null, nemesis: null, mutant: null, seed: 1 }];
    const signal = new AbortController().signal;
    const [result] = await runCells({
      cells,
      parallel: fixedParallel(1),
      program,
      flags: () => [],
      signal,
      onResult: () => undefined,
    });
    rmSync(folder, { recursive: true });
    if (result === undefined) throw new Error("no result");
    return result;
  }

  test.each([
    ["a run that says nothing and exits 0", "process.exit(0)"],
    ["a run that found a violation and exits 0", "console.log(JSON.stringify({ valid: false })); process.exit(0)"],
    ["a run that says unknown and exits 0", 'console.log(JSON.stringify({ valid: "unknown" })); process.exit(0)'],
    ["a run that is killed", 'console.log(JSON.stringify({ valid: true })); process.kill(process.pid, "SIGKILL")'],
  ])("an exit code swallowed is a crash to the campaign: %s", async (_, script) => {
    const { exitCode } = await resultOf(script);
    expect(exitCode).toBe(exitCodes.crash);
  });

  test("a run whose exit code and verdict agree is taken at its word", async () => {
    const { exitCode } = await resultOf("console.log(JSON.stringify({ valid: false })); process.exit(1)");
    expect(exitCode).toBe(exitCodes.violation);
  });
});
