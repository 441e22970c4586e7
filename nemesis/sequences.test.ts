// Shows of each sequence of faults, for many seeds and groups of three and five, that its faults come in the order that makes it what
// it is, and stay in the place that a schedule gives it. Pure.
import { describe, expect, test } from "vitest";
import { nodeNames } from "../cluster/index.js";
import { createRandom } from "../history/index.js";
import type { Fault } from "./fault.js";
import type { Place } from "./presets.js";
import { leftBehind, twoElections } from "./sequences.js";

const places: readonly Place[] = [3, 5].flatMap((count) =>
  Array.from({ length: 50 }, (_, seed) => ({
    group: 0,
    members: nodeNames(count),
    atMs: 1_000,
    forMs: 1_500 + 20 * seed,
    random: createRandom(seed, "place"),
    series: "series 0",
  })),
);
const endOf = ({ at_ms, for_ms }: Fault): number => at_ms + for_ms;
const namesOf = (fault: Fault): readonly string[] =>
  "target" in fault && fault.target.by === "name" ? fault.target.nodes : expect.fail("no names");

describe.each([
  ["leftBehind", leftBehind],
  ["twoElections", twoElections],
])("%s", (_, draw) => {
  test("stays in its place", () => {
    for (const place of places)
      for (const fault of draw(place)) {
        expect(fault.at_ms).toBeGreaterThanOrEqual(place.atMs);
        expect(endOf(fault)).toBeLessThanOrEqual(place.atMs + place.forMs + 1_200);
      }
  });
});

test("who was left behind is back while all that went on without it but a rest are still down", () => {
  for (const place of places) {
    const [cut, away, back] = leftBehind(place);
    if (cut === undefined || away === undefined || back === undefined) throw new Error("it has three faults");
    const links = cut.kind === "partition" && cut.shape === "custom" ? cut.links : [];
    const others = place.members.length - 1;
    expect(links).toHaveLength(2 * others);
    const behind = place.members.filter((node) => ![...namesOf(away), ...namesOf(back)].includes(node));
    expect(behind).toHaveLength(1);
    expect(links.every((link) => link.split(">").includes(behind[0] ?? ""))).toBe(true);
    // A majority with the one left behind, and none without.
    expect(namesOf(back).length + 1).toBeGreaterThan(place.members.length / 2);
    expect(namesOf(back).length).toBeLessThan(place.members.length / 2);
    expect(away.at_ms).toBe(back.at_ms);
    expect(endOf(back)).toBeLessThan(endOf(cut));
    expect(endOf(away)).toBeGreaterThan(endOf(cut) + 500);
  }
});

test("a leader that is cut off is away while the others are held up, elect, lose their leader and elect again", () => {
  for (const place of places) {
    const [cut, held, lost] = twoElections(place);
    if (cut === undefined || held === undefined || lost === undefined) throw new Error("it has three faults");
    expect(cut.kind === "partition" && cut.shape).toBe("isolate-leader");
    expect([held.kind, lost.kind]).toEqual(["pause", "kill"]);
    // Late enough for the cut to be seen, and before anybody misses the leader.
    expect(held.at_ms - cut.at_ms).toBeLessThan(500);
    expect(lost.at_ms - endOf(held)).toBeGreaterThanOrEqual(500);
    expect(endOf(cut)).toBeGreaterThan(endOf(lost));
  }
});
