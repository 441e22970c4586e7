// Shows that each invariant sees the one thing that it forbids, and is silent while that does not happen. Nodes are made up: what they
// say of themselves, what their messages claim and what their disks hold.
import { expect, test } from "vitest";
import {
  nodeName,
  type DeterministicSystem,
  type DiskInspection,
  type MessageClaim,
  type NodeInspection,
} from "../cluster/index.js";
import { compareNumbers, invariantNames, Invariants, type WatchedNode } from "./invariants.js";

const system = {
  inspectDisk: (disk: unknown) => disk as DiskInspection,
  claimOf: (message: unknown) => message as MessageClaim,
} as DeterministicSystem;

const whole: DiskInspection = { promised: [5, 0, 1], accepted: [5, 0, 1], length: 10 };
const calm: NodeInspection = { group: 0, ballot: [5, 0, 1], leads: false, decided: 3, logHash: "a", stateHash: "s" };

function nodeAt(at: number, incarnation = 1, image: DiskInspection = whole): WatchedNode {
  return { at, name: nodeName(`n${at + 1}`), incarnation, node: null, disk: { image } };
}

function watch(steps: (invariants: Invariants) => void): readonly (readonly [string, string])[] {
  const invariants = new Invariants(3, system, () => 42);
  steps(invariants);
  return invariants.violations.map(({ invariant, sentence }) => [invariant, sentence]);
}

test("nothing is violated while nodes do what they may", () => {
  const seen = watch((invariants) => {
    invariants.started(nodeAt(0));
    invariants.saw(nodeAt(0), { ...calm, leads: true });
    invariants.saw(nodeAt(1), calm);
    invariants.saw(nodeAt(1), { ...calm, ballot: [6, 0, 2], leads: true, decided: 4, logHash: "b" });
    invariants.sending(nodeAt(1), [{ type: "promised", ballot: [5, 0, 1], length: 0 }]);
    invariants.sending(nodeAt(1), [{ type: "accepted", ballot: [5, 0, 1], length: 10 }]);
    invariants.started(nodeAt(1, 2));
    invariants.saw(nodeAt(1, 2), { ...calm, decided: 0 });
  });
  expect(seen).toEqual([]);
});

test("two leaders of one ballot are seen, and so is one that leads it again after a restart", () => {
  const leads = { ...calm, leads: true };
  const seen = watch((invariants) => {
    invariants.saw(nodeAt(0), leads);
    invariants.saw(nodeAt(2), leads);
    invariants.saw(nodeAt(0, 2), leads);
  });
  expect(seen).toEqual([
    ["one leader per ballot", "ballot 5.0.1 of group 0 was led by n1 in its start 1 and by n3 in its start 1"],
    ["one leader per ballot", "ballot 5.0.1 of group 0 was led by n1 in its start 1 and by n1 in its start 2"],
  ]);
});

test("a ballot that shrinks is seen", () => {
  const seen = watch((invariants) => {
    invariants.saw(nodeAt(0), calm);
    invariants.saw(nodeAt(0), { ...calm, ballot: [4, 9, 3] });
  });
  expect(seen).toEqual([["ballots only grow", "n1 went back from ballot 5.0.1 to 4.9.3"]]);
});

test("a promise that a crash forgets is seen at the start, and one that is broken when its acceptance leaves", () => {
  const promise: MessageClaim = { type: "promised", ballot: [5, 0, 1], length: 0 };
  const seen = watch((invariants) => {
    invariants.sending(nodeAt(0), [promise]);
    invariants.started(nodeAt(0, 2, { ...whole, promised: [4, 0, 2] }));
    invariants.sending(nodeAt(0, 2), [{ type: "accepted", ballot: [4, 0, 2], length: 1 }]);
  });
  expect(seen).toEqual([
    ["promises are kept", "n1 forgot in a crash that it had promised 5.0.1"],
    ["promises are kept", "n1 accepted under 4.0.2 after it had promised 5.0.1"],
  ]);
});

test("an acceptance may leave after a promise that told of it, and of no other log", () => {
  const promise: MessageClaim = {
    type: "promised",
    ballot: [5, 0, 1],
    length: 0,
    log: { accepted: [4, 0, 2], length: 3 },
  };
  const afterPromise = (ballot: readonly number[], length: number) =>
    watch((invariants) => {
      invariants.sending(nodeAt(0, 1, { promised: [5, 0, 1], accepted: [4, 0, 2], length: 4 }), [promise]);
      invariants.sending(nodeAt(0, 1, { promised: [5, 0, 1], accepted: [4, 0, 2], length: 4 }), [
        { type: "accepted", ballot, length },
      ]);
    });
  expect(afterPromise([4, 0, 2], 3)).toEqual([]);
  const broken = (ballot: string) => [["promises are kept", `n1 accepted under ${ballot} after it had promised 5.0.1`]];
  expect(afterPromise([4, 0, 2], 4)).toEqual(broken("4.0.2"));
  expect(afterPromise([3, 0, 2], 1)).toEqual(broken("3.0.2"));
});

test("different logs of one length are seen, whoever decides second", () => {
  const seen = watch((invariants) => {
    invariants.saw(nodeAt(0), calm);
    invariants.saw(nodeAt(1), { ...calm, logHash: "other" });
  });
  expect(seen).toEqual([
    [
      "decided logs are prefixes of one another",
      "n2 has decided another log of 3 commands in group 0 than a node before it",
    ],
  ]);
});

test("different states after equal logs are seen", () => {
  const seen = watch((invariants) => {
    invariants.saw(nodeAt(0), calm);
    invariants.saw(nodeAt(1), { ...calm, stateHash: "other" });
  });
  expect(seen).toEqual([
    ["equal logs mean equal state", "n2 has another state after 3 commands of group 0 than a node before it"],
  ]);
});

test("decided commands that a running node forgets are seen; a restart begins anew", () => {
  const seen = watch((invariants) => {
    invariants.saw(nodeAt(0), calm);
    invariants.saw(nodeAt(0), { ...calm, decided: 2, logHash: "x", stateHash: "y" });
    invariants.started(nodeAt(0, 2));
    invariants.saw(nodeAt(0, 2), { ...calm, decided: 1, logHash: "v", stateHash: "w" });
  });
  expect(seen).toEqual([["nothing decided is forgotten", "n1 had decided 3 commands and now says 2"]]);
});

test("a promise or an acceptance that is told of before it is durable is seen", () => {
  const behind: DiskInspection = { promised: [4, 0, 2], accepted: [5, 0, 1], length: 9 };
  const seen = watch((invariants) => {
    invariants.sending(nodeAt(0, 1, behind), [
      { type: "promised", ballot: [5, 0, 1], length: 0 },
      { type: "accepted", ballot: [5, 0, 1], length: 10 },
    ]);
  });
  expect(seen).toEqual([
    ["claims are durable", "n1 told of its promise of 5.0.1 before it was durable"],
    [
      "claims are durable",
      "n1 said that 10 commands were accepted under 5.0.1 before that was durable (on disk: 9 under 5.0.1)",
    ],
  ]);
});

test("every invariant counts its checks, so that one that never looked is known", () => {
  const invariants = new Invariants(3, system, () => 0);
  invariants.started(nodeAt(0));
  invariants.saw(nodeAt(0), { ...calm, leads: true });
  invariants.saw(nodeAt(1), calm);
  invariants.sending(nodeAt(0), [{ type: "promised", ballot: [5, 0, 1], length: 0 }]);
  invariants.serves(nodeAt(0), true, () => "");
  for (const name of invariantNames) expect(`${name}: ${invariants.checks[name] > 0}`).toBe(`${name}: true`);
});

test("ballots are compared number by number from the left", () => {
  expect(compareNumbers([1, 2, 3], [1, 2, 3])).toBe(0);
  expect(compareNumbers([1, 9, 9], [2, 0, 0])).toBeLessThan(0);
  expect(compareNumbers([1, 0, 1], [1])).toBeGreaterThan(0);
});
