// Shows that rests leave a long schedule's faults in their order, end those that would last into them, and leave a short one as it was;
// and that under the hunt's own swarm no fault of the schedule is on in them.
import { expect, test } from "vitest";
import { createRandom } from "../history/index.js";
import { drawRests, putRests, restMs } from "./calm.js";
import { drawSwarm } from "./swarm.js";

const at = (at_ms: number, for_ms: number) => ({ at_ms, for_ms });

test("what comes after a rest comes later by it, and what would last into it ends as it begins", () => {
  const rests = [
    { atMs: 100, lastsMs: 1000 },
    { atMs: 200, lastsMs: 500 },
  ];
  expect(putRests([at(10, 20), at(90, 50), at(100, 50), at(150, 900), at(200, 7)], rests)).toEqual([
    at(10, 20),
    at(90, 10),
    at(1100, 50),
    at(1150, 50),
    at(1700, 7),
  ]);
});

test("a load of less than half a minute has no rest", () => {
  expect(drawRests(createRandom(1, "rests"), 29_999)).toEqual([]);
  expect(putRests([at(1, 2)], [])).toEqual([at(1, 2)]);
});

test("in a minute of 200 swarms nothing of the schedule is on for two times at least ten seconds, and ten faults are left", () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const rests = drawRests(createRandom(seed, "rests"), 60_000);
    expect(restMs(rests)).toBeGreaterThanOrEqual(20_000);
    const timeLimitMs = 60_000 - restMs(rests);
    const faults = putRests(
      drawSwarm({ seed, groups: 2, timeLimitMs, electionTimeoutMs: 500, leastFaults: 10 }),
      rests,
    );
    expect(faults.length).toBeGreaterThanOrEqual(10);
    let before = 0;
    for (const { atMs, lastsMs } of rests) {
      const fromMs = atMs + before;
      const on = faults.filter(({ at_ms, for_ms }) => at_ms < fromMs + lastsMs && at_ms + for_ms > fromMs);
      expect([seed, on]).toEqual([seed, []]);
      before += lastsMs;
    }
    for (const { at_ms, for_ms } of faults) {
      expect(for_ms).toBeGreaterThan(0);
      expect(at_ms + for_ms).toBeLessThanOrEqual(60_000);
    }
  }
});
