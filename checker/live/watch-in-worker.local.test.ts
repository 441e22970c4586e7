// The live verdict on a thread of its own: it says what the live checker says, soon after the event that it had to wait for, without
// ever blocking who feeds it; a worker that falls behind is said to, and so is one that cannot start.
import { describe, expect, test } from "vitest";
import type { HistoryEvent } from "../../history/index.js";
import { createIncrementalChecker, type LiveVerdict } from "../incremental.js";
import { simulateRegister } from "../testing/simulated-register.js";
import { watchInWorker, type LiveWatch } from "./watch-in-worker.js";

const load = { clients: 10, keys: 5, operations: 3_000, unknownShare: 0.02 };

interface Heard {
  readonly verdict: LiveVerdict;
  readonly decidedByNs: number | null;
}

function watch(maxBehind?: number): { readonly live: LiveWatch; readonly heard: Heard[] } {
  const heard: Heard[] = [];
  const live = watchInWorker({
    model: "cas-register",
    initial: null,
    ...(maxBehind === undefined ? {} : { maxBehind }),
    onVerdict: (verdict, decidedByNs) => heard.push({ verdict, decidedByNs }),
  });
  return { live, heard };
}

function inThread(events: readonly HistoryEvent[]): { readonly verdict: LiveVerdict; readonly decidedByNs: number } {
  const checker = createIncrementalChecker("cas-register", { initial: null });
  for (const event of events) {
    checker.feed(event);
    if (checker.verdict.valid !== true && "time" in event) return { verdict: checker.verdict, decidedByNs: event.time };
  }
  throw new Error("nothing was found");
}

describe("the live verdict in a worker", () => {
  test("a correct run stays valid to its end", async () => {
    const { live, heard } = watch();
    for (const event of simulateRegister({ ...load, seed: 1 })) live.feed(event);
    expect(await live.end()).toEqual({ valid: true });
    expect(heard).toEqual([]);
  });

  test("a planted bug is told once, as the checker in this thread tells it, with the event that decided", async () => {
    const events = simulateRegister({ ...load, seed: 1, bug: "stale-reads" });
    const { live, heard } = watch();
    for (const event of events) live.feed(event);
    const last = await live.end();
    const expected = inThread(events);
    expect(last).toEqual(expected.verdict);
    expect(heard).toEqual([expected]);
    live.feed({ type: "phase", time: 0, phase: "end" });
    expect(await live.end()).toEqual(expected.verdict);
  });

  test("one that falls behind says so and is unknown", async () => {
    const events = simulateRegister({ ...load, seed: 1 });
    const { live, heard } = watch(1_000);
    // Nobody lets the worker answer in between.
    for (const event of events) live.feed(event);
    expect(live.verdict).toEqual({
      valid: "unknown",
      unknown: [{ code: "budget", sentence: "the live verdict fell more than 1000 events behind after 0" }],
    });
    expect(heard).toHaveLength(1);
    expect(await live.end()).toEqual(live.verdict);
  });

  test("a model that nobody knows makes it unknown, not silent", async () => {
    const verdict = await new Promise<LiveVerdict>((resolve) => {
      watchInWorker({ model: "no-such-model", initial: null, onVerdict: resolve });
    });
    expect(verdict).toMatchObject({ valid: "unknown", unknown: [{ code: "checker-threw" }] });
    expect(JSON.stringify(verdict)).toContain('model \\"no-such-model\\" is not one of');
  });
});
