// Shows on simulated runs what a trace is worth: it changes nothing of the run that it records, it is the same each time, the rules of
// agreement that a report reads from it convict no run of the store as shipped, and of planted bugs they name the cause. Seeds are fixed; a
// failure names its own.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import { drawTrace, findBreaches } from "../reports/index.js";
import { Trace } from "../simulation/index.js";
import { huntPlan, simulateAndJudge, type HuntedRun } from "./hunt.js";
import { systemNamed } from "./systems.js";

interface Traced extends HuntedRun {
  readonly trace: Trace;
}

async function traced(mutant: string | null, seed: number, recording = true): Promise<Traced> {
  const system = await systemNamed("store")(mutant);
  const deterministic = await system.deterministic?.();
  if (deterministic === undefined) throw new Error("the store cannot be simulated");
  const plan = huntPlan(seed, { system, deterministic, mutant, timeLimitMs: 4_000, ratePerS: 50 });
  const trace = new Trace(deterministic);
  return { ...(await simulateAndJudge(plan, system, deterministic, recording ? trace : undefined)), trace };
}

test("a run with a trace and one without leave the same history, and the trace is the same twice", async () => {
  for (const seed of [3, 4, 5]) {
    const without = await traced(null, seed, false);
    const first = await traced(null, seed);
    const second = await traced(null, seed);
    expect(`${seed} ${JSON.stringify(first.run.events)}`).toBe(`${seed} ${JSON.stringify(without.run.events)}`);
    expect(first.run.counts).toEqual(without.run.counts);
    expect(first.trace.text()).toBe(second.trace.text());
    expect(first.trace.events().length).toBeGreaterThan(1_000);
  }
});

test("every line is one that docs/schemas/trace.schema.json allows, and all kinds of lines come", async () => {
  const file = join(import.meta.dirname, "../docs/schemas/trace.schema.json");
  const allowed = new Ajv2020({ strict: true, strictTypes: false, allowUnionTypes: true }).compile(
    JSON.parse(readFileSync(file, "utf8")) as object,
  );
  const kinds = new Set<string>();
  for (const [mutant, seed] of [
    [null, 1],
    [null, 2],
    ["M19", 1],
  ] as const) {
    const { trace } = await traced(mutant, seed);
    for (const line of trace.text().trimEnd().split("\n")) {
      const value = JSON.parse(line) as { readonly what?: string };
      allowed(value);
      expect([line, allowed.errors ?? []]).toEqual([line, []]);
      kinds.add(value.what ?? "header");
    }
  }
  for (const kind of [
    "header",
    "send",
    "receive",
    "ask",
    "answered",
    "write",
    "durable",
    "state",
    "start",
    "violation",
  ])
    expect(kinds).toContain(kind);
  expect(allowed({ time_ns: 0.5, node: "n1", what: "durable", write: 1 })).toBe(false);
  expect(allowed({ time_ns: 1, node: "n1", what: "durable" })).toBe(false);
});

const groupsOf = ({ run }: HuntedRun): ReadonlyMap<string, readonly string[]> =>
  new Map(run.groups.flatMap(({ members }) => members.map((member) => [member, members] as const)));

test("no rule convicts the store as shipped under the swarm", async () => {
  let decisions = 0;
  for (let seed = 1; seed <= 16; seed += 1) {
    const hunted = await traced(null, seed);
    const events = hunted.trace.events();
    const found = findBreaches(events, groupsOf(hunted)).map(({ rule, steps }) => `${rule}: ${steps.at(-1)?.text}`);
    expect(`seed ${seed}: ${found.join("; ")}`).toBe(`seed ${seed}: `);
    decisions += events.filter((event) => event.what === "state").length;
  }
  expect(decisions).toBeGreaterThan(1_000);
});

test.each([
  ["M13", "answered without a quorum"],
  ["M15", "answered without the log"],
  ["M19", "an invariant"],
])("the first breach of %s is of the rule that it breaks: %s", async (mutant, rule) => {
  for (let seed = 1; seed <= 3; seed += 1) {
    const hunted = await traced(mutant, seed);
    const [first] = findBreaches(hunted.trace.events(), groupsOf(hunted));
    expect(`seed ${seed}: ${first?.rule ?? "none"}`).toBe(`seed ${seed}: ${rule}`);
  }
});

test("the trace of a stale read tells its story: who asked, who answered wrongly, and who knew better", async () => {
  const { run, verdict, trace } = await traced("M15", 1000);
  const operations = run.events.flatMap((event) => (event.type === "invoke" ? [{ call: event, end: null }] : []));
  expect(verdict.valid).toBe(false);
  const diagram = drawTrace({
    trace: { header: trace.header, events: trace.events() },
    violations: verdict.violations,
    operations,
    faults: [],
    groups: [],
  });
  const steps = diagram?.story?.steps ?? [];
  expect(steps.filter(({ kind }) => kind === "wrong").map(({ text }) => text)).toEqual([
    expect.stringMatching(/answers “get .*” \(read .*\) from its own copy, without asking the others/),
  ]);
  expect(steps.filter(({ kind }) => kind === "client").length).toBeGreaterThanOrEqual(3);
  expect(steps.map(({ timeNs }) => timeNs)).toEqual(steps.map(({ timeNs }) => timeNs).toSorted((a, b) => a - b));
});
