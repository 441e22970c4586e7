// Shows when the logs that a group's nodes tell serve as evidence, and what they say of a key: small logs written down by hand,
// each beside the answers that clients had.
import { describe, expect, test } from "vitest";
import type { JsonValue, Operation } from "../history/index.js";
import { checkAcknowledged } from "./checkers/acknowledged.js";
import { decidedLogs } from "./decided-logs.js";
import { testimonyOf } from "./explain/testimony.js";
import type { LoggedCommand, NodeDecisions } from "./judge-input.js";
import { checkLinearizability } from "./linearizability.js";
import { cas, get, operations, put } from "./testing/builders.js";

const members = ["n1", "n2", "n3"];
const groups = [{ group: 0, members }];

function command(id: string, name: string, input: JsonValue, key: JsonValue = "k"): LoggedCommand {
  return { id, function: name, key, input };
}

/** The hash of each decision stands for all before it. */
function log(node: string, commands: readonly (LoggedCommand | null)[]): NodeDecisions {
  let hash = "";
  const decisions = commands.map((one, index) => {
    hash += `${one?.id ?? "-"};`;
    return { index: index + 1, hash, command: one };
  });
  return { node, group: 0, decisions };
}

function onKey(...nodes: readonly NodeDecisions[]): readonly LoggedCommand[] | null {
  return decidedLogs(nodes, groups, () => 0).onKey("k");
}

const one = command("1/1", "put", 1);
const two = command("1/2", "put", 2);
const swap = command("2/1", "cas", { expected: 1, new: 2 });

/** A put that tells what it replaced. */
const replacing =
  (value: JsonValue, previous: JsonValue, from: number, to: number) =>
  (index: number): Operation => ({
    ...(operations(put(value, from, to))[0] as Operation),
    index,
    output: { previous },
  });

describe("which log serves", () => {
  test("the longest that the members agree on, without what is no client's operation or another key's", () => {
    const other = command("9/9", "put", 5, "other");
    expect(onKey(log("n1", [null, one]), log("n2", [null, one, other, two]), log("n3", []))).toEqual([one, two]);
  });

  test("a member that stands alone is outvoted, however long its log", () => {
    expect(onKey(log("n1", [two, two, two]), log("n2", [one]), log("n3", [one, two]))).toEqual([one, two]);
  });

  test("none, when a member is missing, when nobody has a majority, or when commands are not told", () => {
    expect(onKey(log("n1", [one]), log("n2", [one]))).toBeNull();
    expect(onKey(log("n1", [one]), log("n2", [two]), log("n3", [swap]))).toBeNull();
    const mute = members.map((node) => ({ node, group: 0, decisions: [{ index: 1, hash: "a" }] }));
    expect(onKey(...mute)).toBeNull();
  });

  test("a number is the same key as its text", () => {
    const logs = decidedLogs(
      members.map((node) => log(node, [command("1/1", "put", 1, "7")])),
      groups,
      () => 0,
    );
    expect(logs.onKey(7)).toHaveLength(1);
  });
});

describe("what it says", () => {
  test("an acknowledged put that it lacks was lost, and is named", () => {
    const history = operations(put(1, 0, 10), put(2, 20, 30), get(1, 40, 50));
    expect(testimonyOf([one], history, null)).toEqual({ kind: "lost", operation: history[1] });
  });

  test("of two equal puts, one that it lacks was lost, nobody knows which", () => {
    const history = operations(put(1, 0, 10), put(1, 20, 30));
    expect(testimonyOf([one, one], history, null)).toEqual({ kind: "lost", operation: null });
    expect(testimonyOf([one, { ...one, id: "1/7" }], history, null).kind).toBe("obeyed");
  });

  test("a cas that it lacks was lost only if it was told that it succeeded", () => {
    const told = (status: string) =>
      operations(put(1, 0, 10), cas(1, 2, 20, 30)).map((operation) =>
        operation.function === "cas" ? { ...operation, output: { status } } : operation,
      );
    expect(testimonyOf([one], told("ok"), null).kind).toBe("lost");
    expect(testimonyOf([one], told("mismatch"), null).kind).toBe("obeyed");
  });

  test("an unanswered write may stand in it or not", () => {
    const history = operations(put(1, 0, 10), put(2, 20, null));
    expect(testimonyOf([one], history, null).kind).toBe("obeyed");
    expect(testimonyOf([one, two], history, null).kind).toBe("obeyed");
  });

  test("a request that stands in it twice and was answered once is nothing special", () => {
    const history = operations(replacing(1, null, 0, 10), replacing(2, 1, 20, 30), replacing(3, 2, 60, 70));
    const again = [one, two, one, command("1/3", "put", 3)];
    expect(testimonyOf(again, history, null)).toEqual({ kind: "obeyed", reads: true });
  });

  test("answers that fit only if the second one took effect too say that it was repeated", () => {
    const history = operations(replacing(1, null, 0, 10), replacing(2, 1, 20, 30), replacing(3, 1, 60, 70));
    expect(testimonyOf([one, two, one, command("1/3", "put", 3)], history, null)).toEqual({ kind: "repeated" });
  });

  test("reads that it holds can show a repetition too", () => {
    const history = operations(put(1, 0, 10), put(2, 20, 30), get(1, 60, 70));
    expect(testimonyOf([one, two, one, command("3/1", "get", null)], history, null)).toEqual({ kind: "repeated" });
  });

  test("reads that it does not hold are no part of what it explains", () => {
    const history = operations(put(1, 0, 10), put(2, 20, 30), get(1, 60, 70));
    expect(testimonyOf([one, two, one], history, null)).toEqual({ kind: "obeyed", reads: false });
  });
});

describe("what comes of it", () => {
  const history = operations(put(1, 0, 10), put(2, 20, 30), get(1, 40, 50), get(1, 60, 70));
  const judged = (commands: readonly LoggedCommand[]) => {
    const result = checkLinearizability(history, "register", { initial: null, logOnKey: () => commands });
    return result.violations.map(({ class: name, evidence }) => [name, evidence]);
  };

  test("the class of a violation follows the log", () => {
    expect(judged([one])).toEqual([["lost write", "decided-log"]]);
    expect(judged([one, two])).toEqual([["stale read", "decided-log"]]);
    const reads = ["4/1", "4/2"].map((id) => command(id, "get", null));
    expect(judged([one, two, one, ...reads])).toEqual([["resurrected write", "decided-log"]]);
  });

  test("an acknowledged write that no log holds is a violation by itself, and the log of a whole history none", () => {
    const acknowledged = (commands: readonly LoggedCommand[]) =>
      checkAcknowledged(
        history,
        decidedLogs(
          members.map((node) => log(node, commands)),
          groups,
          () => 0,
        ),
      );
    const reads = ["4/1", "4/2"].map((id) => command(id, "get", null));
    expect(acknowledged([one, two, ...reads]).valid).toBe(true);
    const found = acknowledged([one, ...reads]);
    expect(found.violations).toMatchObject([{ class: "lost write", operations: [1], evidence: "decided-log" }]);
    expect(found.violations[0]?.sentence).toMatch(
      /^The log that the group decided lacks an acknowledged write of key "k"; the first of them: put 2 by process \d+ was answered at 0\.000 s\.$/,
    );
  });

  test("of equal writes all that may be meant are named", () => {
    const logs = decidedLogs(
      members.map((node) => log(node, [one, two])),
      groups,
      () => 0,
    );
    const [violation] = checkAcknowledged(operations(put(1, 0, 10), put(1, 20, 30), put(2, 40, 50)), logs).violations;
    expect(violation?.operations).toEqual([0, 1]);
    expect(violation?.sentence).toMatch(/lacks an acknowledged write of key "k"; among 2, the first of which: put 1/);
  });

  test("what was acknowledged after all that the log is known to hold may have been decided by one who told nobody", () => {
    const told = (...commands: readonly LoggedCommand[]) => {
      const logs = decidedLogs(
        members.map((node) => log(node, commands)),
        groups,
        () => 0,
      );
      return checkAcknowledged(history, logs).valid;
    };
    // A get that may be the first one, which was asked for at 40, after put 2 was answered; the put of 1 was before.
    expect(told(one)).toBe(true);
    expect(told(one, command("4/1", "get", null))).toBe(false);
    // Repetitions of one request are one request.
    const early = operations(get(null, 0, 5), put(2, 20, 30), get(null, 40, 50));
    const gets = (...ids: readonly string[]) =>
      checkAcknowledged(
        early,
        decidedLogs(
          members.map((node) =>
            log(
              node,
              ids.map((id) => command(id, "get", null)),
            ),
          ),
          groups,
          () => 0,
        ),
      ).valid;
    expect([gets("4/1"), gets("4/1", "4/1"), gets("4/1", "4/2")]).toEqual([true, true, false]);
  });

  test("a log that is not known whole convicts nobody", () => {
    const partial = decidedLogs([log("n1", [one])], groups, () => 0);
    expect(checkAcknowledged(history, partial)).toMatchObject({ valid: true, details: { compared: 0, unknown: 1 } });
  });
});
