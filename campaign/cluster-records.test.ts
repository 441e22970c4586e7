// Shows that what a cluster reports reaches the history with its meaning whole: an exit that nobody asked for stays one.
import { expect, test } from "vitest";
import { nodeName } from "../cluster/index.js";
import { recordOfClusterEvent } from "./cluster-records.js";

const node = nodeName("n1");

test("an exit that nobody asked for keeps the last words of the log, an asked-for one needs none", () => {
  const logTail = Array.from({ length: 30 }, (_, line) => `line ${line}`);
  const exited = { type: "exited", node, code: null, signal: "SIGKILL", logTail } as const;
  expect(recordOfClusterEvent({ ...exited, expected: false })).toEqual({
    type: "node",
    node: "n1",
    what: "exited",
    expected: false,
    detail: { code: null, signal: "SIGKILL", log_tail: logTail.slice(10) },
  });
  expect(recordOfClusterEvent({ ...exited, expected: true })).toMatchObject({
    expected: true,
    detail: { log_tail: [] },
  });
});

test("a panic is never expected, and a dead proxy is trouble of Minos and not of a node", () => {
  expect(recordOfClusterEvent({ type: "panic", node, line: "FATAL x" })).toMatchObject({
    what: "panic",
    expected: false,
  });
  expect(recordOfClusterEvent({ type: "proxy-died", detail: "gone" })).toEqual({
    type: "runner",
    what: "proxy-died",
    detail: "gone",
  });
});
