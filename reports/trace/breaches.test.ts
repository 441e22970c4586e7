// Shows that each rule of agreement convicts a hand-written trace that breaks it, with a sentence that names who did what, and acquits its
// twin that keeps it. That no rule convicts the store as shipped, and that each planted bug is convicted, is shown on simulated runs in
// `campaign/trace.property.test.ts`.
import { describe, expect, test } from "vitest";
import type { TraceDocument } from "../../cluster/index.js";
import { command, lateAccept, membership, TraceWriter } from "../testing/sample-trace.js";
import { findBreaches } from "./breaches.js";

const a1 = command("put a = 1", "1/1");
const a2 = command("put a = 2", "2/1", "n2/1/1/1");
const read = command("get a", "3/1", "n3/1/1/1");

const told = ({ events }: TraceDocument): readonly string[] =>
  findBreaches(events, membership).map(({ rule, steps }) => `${rule}: ${steps.at(-1)?.text ?? ""}`);

/** Three nodes that follow n1. */
const led = (): TraceWriter =>
  new TraceWriter()
    .state(0, "n1", "leader", "1.n1", 0, 0)
    .state(0, "n2", "follower", "1.n1", 0, 0)
    .state(0, "n3", "follower", "1.n1", 0, 0);

describe("a follower that obeys a deposed leader", () => {
  test("is convicted, with the sending and the promise that came between", () => {
    const [breach, ...rest] = findBreaches(lateAccept(true).events, membership);
    expect(rest).toEqual([]);
    expect(breach?.steps.map(({ timeNs, kind, text, messages }) => [timeNs / 1e6, kind, text, messages])).toEqual([
      [10, "step", "n1, leader of ballot 1.n1, sends “put a = 1” to n2; the cut holds it back.", [1]],
      [21, "step", "n2 promises ballot 2.n3: from now on it must ignore every smaller ballot.", []],
      [
        60,
        "wrong",
        "n2 takes “put a = 1” from n1, whose ballot 1.n1 is over: n2 has promised 2.n3 and should have ignored it.",
        [1],
      ],
    ]);
  });

  test("is acquitted when it ignores the message, or took it before it promised", () => {
    expect(told(lateAccept(false))).toEqual([]);
    const early = led()
      .message(1, 2, "n1", "n2", "Accept", "1.n1", { commands: [a1] })
      .append(2, "n2", 0, a1)
      .state(3, "n2", "follower", "2.n3", 1, 0);
    expect(told(early.document)).toEqual([]);
  });
});

describe("a leader that decides", () => {
  test("on fewer disks than a majority's is convicted, and whoever told it of an entry that it has not", () => {
    const wrong = led()
      .append(1, "n1", 0, a1)
      .append(2, "n2", 0, a2)
      .message(3, 4, "n2", "n1", "Accepted", "1.n1", { accepted: 1 })
      .state(4, "n1", "leader", "1.n1", 1, 1);
    const [breach] = findBreaches(wrong.document.events, membership);
    expect(breach?.steps.map(({ kind, text }) => `${kind}: ${text}`)).toEqual([
      "wrong: n2 tells n1 that it accepted 1 entries under 1.n1; but its entry 1 is “put a = 2”.",
      "wrong: n1 decides “put a = 1” as entry 1, though it is on the disk of n1 only; 2 of 3 are needed.",
    ]);
  });

  test("on a majority's disks is acquitted, its own among them or not", () => {
    const own = led().append(1, "n1", 0, a1).append(2, "n2", 0, a1).state(4, "n1", "leader", "1.n1", 1, 1);
    expect(told(own.document)).toEqual([]);
    const others = led()
      .append(1, "n2", 0, a1)
      .append(2, "n3", 0, a1)
      .state(4, "n1", "leader", "1.n1", 1, 1)
      .append(4, "n1", 0, a1);
    expect(told(others.document)).toEqual([]);
  });
});

test("two nodes that decide different commands for one place are convicted, once they differ", () => {
  const everywhere = led().append(1, "n1", 0, a1).append(1, "n2", 0, a1).append(1, "n3", 0, a2);
  everywhere.state(2, "n1", "leader", "1.n1", 1, 1).state(3, "n3", "follower", "1.n1", 1, 1);
  expect(told(everywhere.document)).toEqual([
    "decided two different commands: n3 decides “put a = 2” as entry 1, where n1 has “put a = 1”: the logs differ from here on.",
  ]);
});

test("of two logs that part it is told what should have come to the place, and what came in its stead", () => {
  const parted = led()
    .message(1, null, "n1", "n3", "Accept", "1.n1", { commands: [a1] })
    .append(1, "n1", 0, a1)
    .append(2, "n2", 0, a1)
    .state(3, "n1", "leader", "1.n1", 1, 1)
    .message(4, 5, "n1", "n3", "Accept", "1.n1", { commands: [a2] })
    .append(5, "n3", 0, a2)
    .state(6, "n3", "follower", "1.n1", 1, 1);
  const [breach] = findBreaches(parted.document.events, membership);
  expect(breach?.steps.map(({ text }) => text)).toEqual([
    "n1 sends “put a = 1” to n3: it never arrives.",
    "n1 decides “put a = 1” as entry 1 of the log.",
    "n3 receives “put a = 2” from n1 (Accept 1.n1), and puts it at entry 1.",
    "n3 decides “put a = 2” as entry 1, where n1 has “put a = 1”: the logs differ from here on.",
  ]);
});

test("a log that has forgotten whose request a command was is no other log", () => {
  const same = led()
    .append(1, "n1", 0, a1)
    .append(1, "n2", 0, a1)
    .append(1, "n3", 0, { ...a1, id: null })
    .state(2, "n1", "leader", "1.n1", 1, 1)
    .state(3, "n3", "follower", "1.n1", 1, 1);
  expect(told(same.document)).toEqual([]);
});

describe("an answer", () => {
  test("to a write that is on too few disks is convicted", () => {
    const early = led().asks(1, 0, "n1", a1).append(2, "n1", 0, a1).answers(3, 0, "n1", a1, "done");
    expect(told(early.document)).toEqual([
      "answered without a quorum: n1 answers “put a = 1” (done), though it is on the disk of n1 only; 2 of 3 are needed.",
    ]);
    const none = led().asks(1, 0, "n1", a1).answers(3, 0, "n1", a1, "done");
    expect(told(none.document)).toEqual([
      "answered without a quorum: n1 answers “put a = 1” (done) before it is on any disk; 2 of 3 are needed.",
    ]);
  });

  test("to a read that stands in no log is convicted, and told how far its copy was behind", () => {
    const local = led()
      .append(1, "n1", 0, a1)
      .append(1, "n2", 0, a1)
      .state(2, "n1", "leader", "1.n1", 1, 1)
      .asks(3, 4, "n3", read)
      .answers(4, 4, "n3", read, "read nothing");
    expect(told(local.document)).toEqual([
      "answered without the log: n3 answers “get a” (read nothing) from its own copy, without asking the others: it has decided 0 entries, n1 already 1.",
    ]);
  });

  test("that refuses, or comes after a majority has it on disk, is acquitted", () => {
    const refused = led().asks(1, 0, "n1", a1).answers(2, 0, "n1", a1, "refused: no-leader");
    expect(told(refused.document)).toEqual([]);
    const right = led()
      .asks(1, 0, "n1", a1)
      .append(2, "n1", 0, a1)
      .append(3, "n2", 0, a1)
      .answers(4, 0, "n1", a1, "done");
    expect(told(right.document)).toEqual([]);
  });
});

test("a new leader whose log lacks what was acknowledged is convicted, when it first speaks", () => {
  const lost = led()
    .asks(1, 0, "n1", a1)
    .append(2, "n1", 0, a1)
    .append(2, "n2", 0, a1)
    .answers(3, 0, "n1", a1, "done")
    .state(5, "n3", "leader", "2.n3", 0, 0)
    .message(5, 6, "n3", "n1", "AcceptSync", "2.n3", { commands: [] });
  expect(told(lost.document)).toEqual([
    "lost what was acknowledged: n3 leads ballot 2.n3 with a log that lacks “put a = 1”: what was acknowledged is lost.",
  ]);
});

test("an invariant's complaint names the message that it is about and says what a crash would do", () => {
  const trace = led()
    .message(1, 2, "n3", "n2", "Prepare", "2.n3")
    .add({
      time_ns: 2e6,
      node: "n2",
      what: "violation",
      invariant: "claims are durable",
      text: "n2 told of its promise of 2.0.3 before it was durable",
    })
    .message(2, 3, "n2", "n3", "Promise", "2.n3");
  const [breach] = findBreaches(trace.document.events, membership);
  expect(breach?.steps.map(({ text, messages }) => [text, messages])).toEqual([
    ["n2 receives from n3: Prepare 2.n3.", [1]],
    [
      "n2 told of its promise of 2.n3 before it was durable. No write of it is under way: were it to crash now, it would have forgotten it.",
      [2],
    ],
  ]);
});
