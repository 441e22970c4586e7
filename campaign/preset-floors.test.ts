// Shows which floors a run is asked for beside those of every run, and that each that is left out has its reason.
import { expect, test } from "vitest";
import { presetFloors, presetNames } from "../nemesis/index.js";
import { workloads } from "../workloads/index.js";
import { floorsOfPreset, type PresetRun } from "./preset-floors.js";

const usual: PresetRun = {
  preset: "standard",
  kinds: null,
  on: "local",
  timeLimitMs: 30_000,
  ratePerS: 200,
  electsLeaders: true,
  electionTimeoutMs: 500,
  beyondLoad: {},
};
const every = Object.keys(presetFloors).toSorted();

test.each(["standard", "brutal"] as const)(
  "%s is asked for all but the lag of a runner with a machine to itself",
  (preset) => {
    const { asked, notAsked } = floorsOfPreset({ ...usual, preset });
    const { max_runner_lag_share: _, ...others } = presetFloors;
    expect(asked).toEqual({ ...others, max_runner_lag_p99_ms: 250 });
    expect(Object.keys(notAsked)).toEqual(["max_runner_lag_share"]);
  },
);

test("a load says what it cannot promise, and all else is asked of it", () => {
  const floors = floorsOfPreset({ ...usual, beyondLoad: { mean_concurrency: "one after the other" } });
  expect(floors.notAsked.mean_concurrency).toBe("one after the other");
  expect(Object.keys(floors.asked)).toHaveLength(every.length - 1);
  const told = [...workloads.values()].flatMap(({ name, floorsBeyond = {} }) =>
    Object.keys(floorsBeyond).map((floor) => `${name}: ${floor}`),
  );
  expect(told).toEqual([
    "set: mean_concurrency",
    "counter: mean_concurrency",
    "mutex: mean_concurrency",
    "monotonic: mean_concurrency",
  ]);
});

test.each([
  [1_000, 500],
  [500, 250],
  [50, 250],
])("with an election timeout of %d ms the runner may lag by %d ms", (electionTimeoutMs, limit) => {
  expect(floorsOfPreset({ ...usual, electionTimeoutMs }).asked.max_runner_lag_p99_ms).toBe(limit);
});

test.each(presetNames)("%s asks for each floor or says why not", (preset) => {
  const floors = floorsOfPreset({ ...usual, preset });
  const names = [...Object.keys(floors.asked), ...Object.keys(floors.notAsked)];
  expect(names.toSorted()).toEqual([...every, "max_runner_lag_p99_ms"].toSorted());
  expect(Object.values(floors.notAsked).every((why) => why.length > 10)).toBe(true);
});

test("a system without leaders, and kinds of faults asked for by name, are not asked for changes of leader", () => {
  const leaders = ["leader_changes_open", "sent_to_deposed"];
  const reasons = (change: Partial<PresetRun>) => {
    const { max_runner_lag_share: _, ...notAsked } = floorsOfPreset({ ...usual, ...change }).notAsked;
    return notAsked;
  };
  expect(Object.keys(reasons({ electsLeaders: false }))).toEqual(leaders);
  const only = Object.fromEntries(leaders.map((name) => [name, "only faults of kind pause, kill were asked for"]));
  const none = { cut_links_proved: "no fault that cuts links was asked for" };
  expect(reasons({ kinds: ["pause", "kill"] })).toEqual({ ...only, ...none });
  expect(reasons({ kinds: ["partition"] })).not.toHaveProperty("cut_links_proved");
});

test.each([
  ["in virtual time, where a run is one of thousands", { on: "simulation" }],
  ["the run is shorter than 20 s", { timeLimitMs: 19_999 }],
  ["there are fewer than 100 operations/s", { ratePerS: 99 }],
] as const)("a run is asked for none because %s", (why, change) => {
  const { asked, notAsked } = floorsOfPreset({ ...usual, ...change });
  expect(asked).toEqual({});
  expect(notAsked).toEqual(Object.fromEntries(every.map((name) => [name, why])));
});
