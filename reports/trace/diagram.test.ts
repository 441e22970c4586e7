// Shows what of a trace comes into a report: the story with what led to the breach, clients' operations and faults in order of time, the
// events nearest to it where there are too many, and the lines that the filters of the command let through.
import { expect, test } from "vitest";
import type { TraceEvent } from "../../cluster/index.js";
import type { Violation } from "../../checker/index.js";
import type { FaultRecord } from "../payload.js";
import { command, lateAccept, TraceWriter } from "../testing/sample-trace.js";
import { drawTrace, isChatter, select } from "./diagram.js";
import { filterTrace } from "./filter.js";
import { traceText } from "./text.js";

const violation = (operations: readonly number[]): Violation => ({
  class: "replica divergence",
  checker: "agreement",
  sentence: "they differ",
  key: null,
  operations,
  timeNs: null,
  fingerprint: "x",
});

const cut: FaultRecord = {
  fault: 0,
  kind: "partition",
  spec: { kind: "partition", shape: "isolate-leader", mode: "stall" },
  targets: ["n1>n2", "n2>n1", "n1>n3", "n3>n1"],
  requestedNs: 5e6,
  confirmedOnNs: 5e6,
  healRequestedNs: 59e6,
  confirmedOffNs: 59e6,
  state: "confirmed",
  evidence: [],
};

const groups = [{ group: 0, nodes: ["n1", "n2", "n3"].map((node) => ({ node, records: [] })) }];

test("the story has fault, sending, promise, election and breach in order, and its window holds them all", () => {
  const diagram = drawTrace({
    trace: lateAccept(true),
    violations: [violation([])],
    operations: [],
    faults: [cut],
    groups,
  });
  expect(diagram?.story?.steps.map(({ timeNs, kind, text }) => [timeNs / 1e6, kind, text])).toEqual([
    [5, "fault", "Fault: a partition (isolate leader: n1 | n2, n3), which holds messages back."],
    [10, "step", "n1, leader of ballot 1.n1, sends “put a = 1” to n2; the cut holds it back."],
    [21, "step", "n2 promises ballot 2.n3: from now on it must ignore every smaller ballot."],
    [22, "step", "n3 becomes leader: a majority has promised its ballot 2.n3."],
    [59, "fault", "The partition ends: what it held back arrives now, late."],
    [
      60,
      "wrong",
      "n2 takes “put a = 1” from n1, whose ballot 1.n1 is over: n2 has promised 2.n3 and should have ignored it.",
    ],
  ]);
  expect(diagram?.story?.cause).toContain("should have ignored it");
  expect(diagram?.fromNs).toBeLessThan(5e6);
  expect(diagram?.toNs).toBeGreaterThan(60e6);
  expect(diagram?.nodes).toEqual(["n1", "n2", "n3"]);
  expect(diagram?.leftOut).toBe(0);
});

test("the operations of a violation's core are told from the client's asking to its answer, and get lanes", () => {
  const asked = command("get a", "3/1", "n3/1/1/1");
  const trace = new TraceWriter()
    .state(0, "n3", "follower", "1.n1", 0, 0)
    .asks(3, 4, "n3", asked)
    .answers(4, 4, "n3", asked, "read nothing").document;
  const call = {
    type: "invoke",
    time: 3e6 + 2,
    process: 4,
    thread: 4,
    node: "n3",
    function: "get",
    key: "a",
    input: null,
  } as const;
  const end = { type: "ok", time: 4.2e6, process: 4, function: "get", key: "a", output: null } as const;
  const diagram = drawTrace({ trace, violations: [violation([0])], operations: [{ call, end }], faults: [], groups });
  expect(diagram?.story?.threads).toEqual([4]);
  expect(diagram?.story?.steps.map(({ kind, text }) => `${kind}: ${text}`)).toEqual([
    "client: Client 4 asks n3: “get a”.",
    "wrong: n3 answers “get a” (read nothing) from its own copy, without asking the others: nothing tells it whether they have decided more.",
    "client: Client 4 has its answer to “get a”: read nothing.",
  ]);
});

test("of a group that served nothing it says who waited for what, whom it asked in vain, and what came before", () => {
  const writer = new TraceWriter()
    .state(0, "n1", "leader", "2.n1", 0, 0)
    .message(1, 10, "n3", "n2", "Accept", "1.n3")
    .add({
      time_ns: 10e6,
      node: "n2",
      what: "state",
      state: { group: 0, role: "follower", phase: "recover", promised: "2.n1", length: 0, decided: 0, leader: "n1" },
    })
    .state(300, "n1", "leader", "2.n1", 9, 2);
  for (let at = 20; at < 26; at += 1) writer.message(at, at + 1, "n2", "n3", "PrepareReq", "2.n1");
  const unavailable = { ...violation([]), class: "unavailable" } as const;
  const diagram = drawTrace({
    trace: writer.document,
    violations: [unavailable],
    operations: [],
    faults: [{ ...cut, healRequestedNs: 15e6, confirmedOffNs: 15e6 }],
    groups,
  });
  expect(
    diagram?.story?.steps.filter(({ kind }) => kind !== "fault").map(({ kind, text }) => `${kind}: ${text}`),
  ).toEqual([
    "step: n2 receives from n3: Accept 1.n3, of a ballot that is over: n2 has promised 2.n1.",
    "wrong: n2 waits in phase “recover” from here to the end. It sends PrepareReq to n3 6 times, in vain, though it takes n1 for its leader.",
    "step: n1 leads 2.n1: from here on its log grows to 9 entries, but no more than 2 are ever decided, for a majority of its 3 nodes does not accept them.",
  ]);
});

test("a run without a violation has no story, an empty trace no diagram", () => {
  const trace = lateAccept(true);
  expect(drawTrace({ trace, violations: [], operations: [], faults: [], groups })?.story).toBeNull();
  const none = { header: trace.header, events: [] };
  expect(drawTrace({ trace: none, violations: [], operations: [], faults: [], groups })).toBeNull();
});

const heartbeat = (at: number): TraceEvent => ({
  time_ns: at,
  node: "n1",
  what: "send",
  id: at,
  to: "n2",
  fate: "sent",
  message: { kind: "HeartbeatRequest", topic: "liveness", text: `HeartbeatRequest ${at}` },
});

test("where there are too many events the nearest stay, in order, and heartbeats only in the room that is left", () => {
  const telling = Array.from({ length: 10 }, (_, at): TraceEvent => ({
    time_ns: at,
    node: "n1",
    what: "durable",
    write: at,
  }));
  const events = telling.flatMap((event) => [event, heartbeat(event.time_ns)]);
  const four = select(events, 6, 7, 4);
  expect(four.map(({ time_ns: at }) => at)).toEqual([5, 6, 7, 8]);
  expect(four.some(isChatter)).toBe(false);
  const more = select(events, 6, 7, 13);
  expect(more.filter(isChatter).map(({ time_ns: at }) => at)).toEqual([5, 6, 7]);
  expect(select(events, 6, 7, 100)).toEqual(events);
});

test("filters let through what they name: time, node, key, and heartbeats only when asked for", () => {
  const asked = command("put a = 1", "1/1");
  const other = command("put b = 1", "2/1", "n2/1/1/1");
  const { events } = new TraceWriter()
    .asks(1, 0, "n1", asked)
    .append(2, "n1", 0, asked)
    .append(3, "n2", 0, other)
    .message(4, 5, "n1", "n3", "Accept", "1.n1", { commands: [asked] })
    .answers(6, 0, "n1", asked, "done")
    .add(heartbeat(7e6)).document;
  const lines = (filter: Parameters<typeof filterTrace>[1]): readonly string[] =>
    filterTrace(events, filter).map((event) => traceText(event).trim());
  expect(lines({ key: "a" })).toEqual([
    "1.000000  n1   client 0 asks  put a = 1",
    "1.100000  n1   ← client 0  put a = 1",
    "2.000000  n1   write 1  entry 1: put a = 1",
    "2.000000  n1   write 1 is durable",
    "4.000000  n1   → n3  Accept 1.n1",
    "5.000000  n3   ← n1  Accept 1.n1",
    "6.000000  n1   → client 0  done",
    "6.100000  n1   client 0 is told  done",
  ]);
  expect(lines({ fromNs: 3e6, toNs: 5e6 }).map((line) => line.slice(0, 12))).toEqual([
    "3.000000  n2",
    "3.000000  n2",
    "4.000000  n1",
    "5.000000  n3",
  ]);
  expect(lines({ nodes: ["n3"] })).toEqual(["4.000000  n1   → n3  Accept 1.n1", "5.000000  n3   ← n1  Accept 1.n1"]);
  expect(lines({ all: true }).at(-1)).toBe("7.000000  n1   → n2  HeartbeatRequest 7000000");
});
