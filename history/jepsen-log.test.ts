// Jepsen's log lines, as the shared etcd logs have them.
import { describe, expect, test } from "vitest";
import { MalformedHistory } from "./malformed.js";
import { readHistory } from "./read-history.js";

const line = (...parts: readonly string[]) => `INFO  jepsen.util - ${parts.join("\t")}\n`;

describe("Jepsen log lines", () => {
  test("calls and answers are read in order of lines", () => {
    const document = readHistory(
      [
        "INFO  some.other.logger - hello\n",
        line("0", ":invoke", ":read", "nil"),
        line("1", ":invoke", ":cas", "[3 4]"),
        line(":nemesis", ":info", ":start", "nil"),
        line("0", ":ok", ":read", "nil"),
        line("1", ":fail", ":cas", "[3 4]"),
        line("0", ":invoke", ":write", "4"),
        line("0", ":info", ":write", ":timed-out"),
        line("5", ":invoke", ":read", "nil"),
        line("5", ":fail", ":read", ":timed-out"),
      ].join(""),
    );
    if (document instanceof MalformedHistory) throw document;
    expect([document.format, document.model, document.initial]).toEqual(["jepsen-log", "cas-register", null]);
    expect(
      document.operations.map(({ function: name, input, output, outcome, callNs, returnNs }) => [
        name,
        input,
        output,
        outcome,
        callNs,
        returnNs,
      ]),
    ).toEqual([
      ["get", null, null, "ok", 0, 3],
      ["cas", { expected: 3, new: 4 }, { status: "mismatch" }, "ok", 1, 4],
      ["put", 4, null, "info", 5, null],
      ["get", null, null, "fail", 7, 8],
    ]);
  });

  test.each([
    [line("0", ":invoke", ":read"), /line 1.*set apart by tabs/],
    [line("0", ":maybe", ":read", "nil"), /column 23: expected :invoke/],
    [line("0", ":invoke", ":fetch", "nil"), /expected :read, :write or :cas, found :fetch/],
    [line("0", ":invoke", ":cas", "[1"), /expected one value, found "\[1"/],
    [line("0", ":invoke", ":cas", "7"), /a cas needs \[from to\]/],
    [
      line("0", ":invoke", ":read", "nil").replace("jepsen.util", "jepsen.xtil"),
      /line 1, column 1: expected "INFO {2}jepsen.util/,
    ],
    [line("0", ":ok", ":read", "7"), /line 1, column 1: .*never called/],
  ])("%j is malformed", (text, message) => {
    const result = readHistory(text, { format: "jepsen-log" });
    expect(result).toBeInstanceOf(MalformedHistory);
    expect(result instanceof MalformedHistory ? result.message : "").toMatch(message);
  });
});
