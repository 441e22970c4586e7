// Shows what faults of clients strike and what they do not, fed by hand as the run loop feeds it; and, in simulated runs of the store, that each
// is confirmed, that nothing but a death makes an outcome unknown, and that a store which forgets whom it has answered is convicted by copies.
import { expect, test } from "vitest";
import { nodeNames, type NodeName } from "../cluster/index.js";
import type { Fault } from "../nemesis/index.js";
import { ClientFaults } from "./client-faults.js";
import { huntPlan, simulateAndJudge } from "./hunt.js";
import { systemNamed } from "./systems.js";

const [n1, n2]: readonly (NodeName | undefined)[] = nodeNames(2);
if (n1 === undefined || n2 === undefined) throw new Error("two nodes");

function faults() {
  const asked: number[] = [];
  const clients = new ClientFaults((thread) => void asked.push(thread));
  return { clients, asked };
}

test("each client of the struck node dies once: those under way at once, the others with their next request", () => {
  const { clients, asked } = faults();
  clients.called(0, n1);
  clients.called(1, n2);
  clients.trouble([n1], { how: "die" });
  clients.called(2, n1);
  expect(asked).toEqual([0, 2]);
  expect([clients.dies(0), clients.dies(1), clients.dies(2)]).toEqual([true, false, true]);
  clients.completed(0, "info");
  clients.completed(2, "info");
  clients.called(0, n1);
  expect(asked).toEqual([0, 2]);
  expect(clients.dies(0)).toBe(false);
  expect(clients.counts(n1)).toMatchObject({ lost: 2, unanswered: 2 });
  clients.completed(0, "ok");
  expect(clients.counts(n1)).toMatchObject({ lost: 2, unanswered: 1 });
  expect(clients.counts(n2)).toMatchObject({ lost: 0, unanswered: 0 });
});

test("an operation that was answered before its client died is not lost, nor is one after the heal", () => {
  const { clients } = faults();
  clients.trouble([n1], { how: "die" });
  clients.called(0, n1);
  clients.completed(0, "ok");
  expect(clients.dies(0)).toBe(false);
  clients.called(0, n1);
  clients.trouble([n1], null);
  expect(clients.dies(0)).toBe(false);
  clients.completed(0, "info");
  expect(clients.counts(n1)).toMatchObject({ called: 2, lost: 0, unanswered: 0 });
});

const timed = { at_ms: 1_000, for_ms: 3_000 };
const duplicates: Fault = {
  kind: "duplicate-requests",
  target: { by: "all" },
  copies: 2,
  every_ms: 20,
  ...timed,
};
const struck: readonly Fault[] = [
  { kind: "client-death", target: { by: "all" }, ...timed },
  duplicates,
  { kind: "retry-storm", target: { by: "all" }, every_ms: 0.2, ...timed },
];

async function simulated(fault: Fault, mutant: string | null, seed = 7) {
  const system = await systemNamed("store")(mutant);
  const deterministic = await system.deterministic?.();
  if (deterministic === undefined) throw new Error("the store cannot be simulated");
  const plan = huntPlan(seed, { system, deterministic, mutant, timeLimitMs: 6_000, ratePerS: 100 });
  const nemesis = { ...plan.nemesis, name: "custom", faults: [fault] };
  return simulateAndJudge({ ...plan, nemesis }, system, deterministic);
}

test.each(struck.map((fault) => [fault.kind, fault] as const))(
  "%s is confirmed on and off in simulation",
  async (_, fault) => {
    const { verdict, run } = await simulated(fault, null);
    const stages = run.events.flatMap((event) => (event.type === "fault" ? [event.stage] : []));
    expect(stages).toEqual(["requested", "confirmed-on", "heal-requested", "confirmed-off"]);
    expect(verdict.violations).toEqual([]);
    const unknown = run.events.filter(({ type }) => type === "info").length;
    expect(unknown > 0).toBe(fault.kind === "client-death");
  },
);

test("a store that does not tell a repeated request from a new one is convicted by copies alone", async () => {
  const { verdict } = await simulated(duplicates, "M33");
  expect(verdict.violations.map((violation) => violation.class)).toContain("resurrected write");
});
