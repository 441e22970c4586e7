// Shows that each patch really plants its bug: the patched core, built and imported as a value, is led through a directed scene (events
// of the protocol and of the machine, see testing/scenes.ts) to the point where the suite's own checkers convict it, with a checker
// and a class that the catalog names. The shipped core and both controls come through all of the scenes.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createCore } from "../system/core/index.js";
import { led, loseQuorum, ticksToProgress } from "../system/testing/partial-connectivity.js";
import type { MakeCore } from "../system/testing/simulated-node.js";
import { mutants, type Mutant } from "./index.js";
import { buildOf, coreOf, mutantNamed } from "./testing/build-all.js";
import { Play, type Judgement } from "./testing/play.js";
import { scenes, type SceneName } from "./testing/scenes.js";

const shown: readonly (readonly [string, SceneName])[] = [
  ["M01", "shorterLogTakesOver"],
  ["M02", "deposedLeaderPromisesLate"],
  ["M03", "leaderPromisesAfterItsRestart"],
  ["M08", "lateAcceptOfADeposedLeader"],
  ["M09", "decideWithoutItsAcceptSync"],
  ["M11", "isolatedLeaderIsAsked"],
  ["M13", "isolatedLeaderIsAsked"],
  ["M14", "isolatedLeaderIsAsked"],
  ["M15", "laggingFollowerIsRead"],
  ["M19", "acceptorCrashesBetweenPromiseAndAcceptSync"],
  ["M20", "acceptorRestartsAndPromisesTheOldLeader"],
  ["M21", "acceptorLosesPowerBeforeItsFsync"],
  ["M24", "acceptorCrashesAfterItsFirstWrite"],
  ["M26", "twoCandidatesAndOneRestart"],
  ["M30", "resetsUnderLoad"],
  ["M30+M31", "resetLosesAnAccept"],
  ["M31", "promisedTwiceToOneLeader"],
  ["M33", "retryAfterALostAnswer"],
  ["M41", "leaderRestartsBeforeItsFsync"],
  ["M47", "leaderDown"],
];
/** Shown elsewhere: at the disk, below, and at the client. */
const elsewhere = ["M22", "M48", "M50"];
const names = Object.keys(scenes) as SceneName[];

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "minos-scenes-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const cores = new Map<string, Promise<MakeCore>>();

async function patched(mutant: Mutant): Promise<MakeCore> {
  const core = cores.get(mutant.id) ?? buildOf(mutant, folder).then(coreOf);
  cores.set(mutant.id, core);
  return core;
}

/** Played to its end, nothing wrong, every node read. */
function expectClean({ violations, broken, stuck, completed }: Judgement): void {
  expect({ violations, broken, stuck }).toEqual({ violations: [], broken: [], stuck: null });
  expect(completed).toBeGreaterThanOrEqual(3);
}

test("every bug of the catalog is shown, here or at the disk or at the client", () => {
  const bugs = [...mutants.values()].filter(({ kind }) => kind !== "control").map(({ id }) => id);
  expect([...shown.map(([id]) => id), ...elsewhere].sort()).toEqual(bugs.sort());
});

test.each(names)("the shipped store comes through: %s", (name) => {
  expectClean(Play.perform(scenes[name], 3, createCore));
});

describe.each(shown)("%s", (id, name) => {
  test(`is convicted by ${name}`, async () => {
    const mutant = mutantNamed(id);
    const { violations, completed } = Play.perform(scenes[name], 3, await patched(mutant));
    expect(violations.length).toBeGreaterThan(0);
    for (const violation of violations) {
      expect(mutant.classes).toContain(violation.class);
      expect(mutant.checkers).toContain(violation.checker);
    }
    // A group that serves nothing answers nothing; any other bug is seen by clients that were served.
    if (!mutant.classes.every((each) => each === "unavailable")) expect(completed).toBeGreaterThanOrEqual(3);
  });
});

test("M19 breaks a promise across a restart, M41 leads one ballot twice", async () => {
  const forgotten = Play.perform(
    scenes.acceptorCrashesBetweenPromiseAndAcceptSync,
    3,
    await patched(mutantNamed("M19")),
  );
  expect(forgotten.broken).toContain("n2 sent Accepted of 2.0.n1 after its promise of 3.0.n3");
  const resumed = Play.perform(scenes.leaderRestartsBeforeItsFsync, 3, await patched(mutantNamed("M41")));
  expect(resumed.broken).toEqual(["2.0.n1 was led by n1 in its start 1 and by n1 in its start 2"]);
});

describe.each(["C1", "C2"])("control %s", (id) => {
  test("comes through every scene", async () => {
    const makeCore = await patched(mutantNamed(id));
    for (const name of names) expectClean(Play.perform(scenes[name], 3, makeCore));
  });
});

test("M48 outbids the only node with a majority for longer than four election time-outs; the shipped store never does", async () => {
  const seeds = Array.from({ length: 6 }, (_, seed) => seed + 1);
  const slow = (makeCore?: MakeCore): number[] =>
    seeds.filter((seed) => {
      const group = led(seed, 5, makeCore);
      loseQuorum(group, "drop");
      return ticksToProgress(group.world) === Number.POSITIVE_INFINITY;
    });
  expect(slow()).toEqual([]);
  expect(slow(await patched(mutantNamed("M48"))).length).toBeGreaterThanOrEqual(1);
});
