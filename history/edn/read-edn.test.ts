// Jepsen's history.edn: everything FORMATS asks of its reader, and its writer, with whole expected texts.
import { describe, expect, test } from "vitest";
import type { HistoryDocument, ReadOptions } from "../document.js";
import type { HistoryEvent } from "../event.js";
import { MalformedHistory } from "../malformed.js";
import { readHistory } from "../read-history.js";
import { formatEdn } from "./write-edn.js";

function read(text: string, options: ReadOptions = {}): HistoryDocument {
  const document = readHistory(text, options);
  if (document instanceof MalformedHistory) throw document;
  return document;
}

function malformed(text: string, options: ReadOptions = {}): MalformedHistory {
  const result = readHistory(text, options);
  if (result instanceof MalformedHistory) return result;
  throw new Error("it was read");
}

/** function, key, input, output, outcome, call, return. */
function short({ operations }: HistoryDocument) {
  return operations.map((one) => [one.function, one.key, one.input, one.output, one.outcome, one.callNs, one.returnNs]);
}

const register = `{:type :invoke, :f :read, :value nil, :process 1, :time 10, :index 0}
{:index 1, :time 20, :type :invoke, :process 0, :f :write, :value 3}
{:index 2, :time 25, :type :info, :process :nemesis, :f :start, :value nil}
{:index 3, :time 30, :type :ok, :process 1, :f :read, :value 3}
{:index 4, :time 40, :type :ok, :process 0, :f :write, :value 3}
{:index 5, :time 50, :type :invoke, :process 1, :f :cas, :value [3 4]}
{:index 6, :time 60, :type :info, :process 1, :f :cas, :value [3 4], :error :timeout}
`;

describe("reading history.edn", () => {
  test("operations, times and outcomes come from the lines", () => {
    const document = read(register);
    expect([document.format, document.model, document.initial, document.keyed]).toEqual([
      "edn",
      "cas-register",
      null,
      false,
    ]);
    expect(short(document)).toEqual([
      ["get", null, null, 3, "ok", 10, 30],
      ["put", null, 3, null, "ok", 20, 40],
      ["cas", null, { expected: 3, new: 4 }, null, "info", 50, null],
    ]);
    expect(document.operations[2]?.error).toBe(":timeout");
  });

  test("one vector, a list, tags, comments, discards and odd spacing read the same", () => {
    const maps = register.trim().split("\n");
    const expected = short(read(register));
    expect(short(read(`[${maps.join("\n ")}]`))).toEqual(expected);
    expect(short(read(`; written by hand\n(${maps.join(",")})`))).toEqual(expected);
    expect(short(read(maps.map((map) => `#jepsen.history.Op${map}`).join("\n")))).toEqual(expected);
    expect(short(read(maps.map((map) => `#_{:ignored true} ${map} ; note`).join("\n")))).toEqual(expected);
    expect(short(read(maps.join("\n\n").replaceAll(", ", "\n,\t")))).toEqual(expected);
  });

  test("without times on every client event the lines are the order, each a later instant", () => {
    const document = read(register.replace(":time 20", ":time -1"));
    expect(short(document).map((row) => row.slice(5))).toEqual([
      [0, 3],
      [1, 4],
      [5, null],
    ]);
    expect(short(read(register.replace(/:time \d+, /g, "")))).toEqual(short(document));
    expect(short(read(register.replace(/:index \d+,? ?/g, "")))).toEqual(short(read(register)));
  });

  test("lines and times that contradict each other are malformed, never sorted", () => {
    const error = malformed(register.replace(":time 30", ":time 15"));
    expect(error.message).toMatch(/line 4, column 1: :time 15 follows :time 25: lines and times contradict/);
  });

  test("an index that does not ascend is malformed", () => {
    expect(malformed(register.replace(":index 4", ":index 3")).message).toMatch(/line 5.*:index 3 follows :index 3/);
  });

  test("a call without a return is unknown", () => {
    expect(read("{:type :invoke, :process 0, :f :write, :value 1}").operations[0]?.outcome).toBe("info");
  });

  test("keyed values are taken apart when told to", () => {
    const text = `{:type :invoke, :process 0, :f :read, :value [:x nil]}
{:type :ok, :process 0, :f :read, :value [:x 5]}
{:type :invoke, :process 0, :f :cas, :value [7 [1 2]]}
{:type :ok, :process 0, :f :cas, :value [7 [1 2]]}`;
    const expected = [
      ["get", { edn: ":x" }, null, 5, "ok", 0, 1],
      ["cas", 7, { expected: 1, new: 2 }, { status: "ok" }, "ok", 2, 3],
    ];
    expect(short(read(text, { keyed: true }))).toEqual(expected);
    // The guess says that it is one.
    expect(short(read(text))).toEqual(expected);
    expect(read(text).warnings[0]).toMatch(/read as keyed/);
    expect(malformed(text.replaceAll("[:x nil]", "nil"), { keyed: true }).message).toMatch(/must be \[key value\]/);
  });

  test("a plain cas is never taken for a keyed value", () => {
    const cas = `{:type :invoke, :process 0, :f :cas, :value [1 2]}
{:type :ok, :process 0, :f :cas, :value [1 2]}`;
    expect(read(cas).keyed).toBe(false);
    const pairs = `{:type :invoke, :process 0, :f :write, :value [1 2]}
{:type :ok, :process 0, :f :write, :value [1 2]}`;
    expect(read(pairs, { keyed: false }).operations[0]?.input).toEqual([1, 2]);
  });

  test("a failed cas is dropped unless it tells what it saw, or the reader is told", () => {
    const failed = (extra: string) => `{:type :invoke, :process 0, :f :cas, :value [1 2]}
{:type :fail, :process 0, :f :cas, :value [1 2]${extra}}`;
    const answer = (text: string, options: ReadOptions = {}) => {
      const [operation] = read(text, options).operations;
      return [operation?.outcome, operation?.output];
    };
    expect(answer(failed(""))).toEqual(["fail", null]);
    expect(answer(failed(""), { failedCas: "mismatch" })).toEqual(["ok", { status: "mismatch" }]);
    expect(answer(failed(", :observed 7"))).toEqual(["ok", { status: "mismatch", observed: 7 }]);
    expect(answer(failed(", :observed nil, :minos/status :not-found"))).toEqual([
      "ok",
      { status: "not-found", observed: null },
    ]);
  });

  test("a last line that was cut is dropped and reported", () => {
    const document = read(register.slice(0, -10));
    expect(document.torn?.line).toBe(7);
    expect(document.operations).toHaveLength(3);
    expect(document.operations[2]?.returnEvent).toBeNull();
    // A newline after it means that nobody was interrupted: the file is wrong.
    expect(malformed(`${register.slice(0, -10)}\n`).message).toMatch(/line 7/);
  });

  test.each([
    ["7", /expected a history|expected a map/],
    ["[7]", /line 1, column 2: expected a map/],
    ["{:type :maybe, :process 0, :f :read}", /:type must be one of/],
    ["{:type :ok, :f :read}", /:process is missing/],
    ['{:type :ok, :process "a", :f :read}', /:process must be an integer or a keyword/],
    ["{:type :invoke, :process 0, :f 3}", /:f must be a keyword/],
    ["{:type :invoke, :process 0, :f :cas, :value 3}", /a cas needs \[from to\]/],
    ["{:type :ok, :process 0, :f :read, :value 3}", /never called/],
    ["hello", /expected a history: .* found "hello"/],
    ["", /found nothing/],
  ])("%s is malformed", (text, message) => {
    expect(malformed(text).message).toMatch(message);
  });
});

describe("the kv histories", () => {
  test("a map with its own :key is one", () => {
    const document = read(`{:process 0, :type :invoke, :f :append, :key "0", :value "x"}
{:process 1, :type :invoke, :f :get, :key "0", :value nil}
{:process 0, :type :ok, :f :append, :key "0", :value "x"}
{:process 1, :type :ok, :f :get, :key "0", :value "x"}`);
    expect([document.format, document.model, document.initial]).toEqual(["kv", "kv-append", ""]);
    expect(short(document)).toEqual([
      ["append", "0", "x", null, "ok", 0, 2],
      ["get", "0", null, "x", "ok", 1, 3],
    ]);
  });
});

describe("writing history.edn", () => {
  test("every kind of event has its line", () => {
    const common = { function: "cas", key: "a", process: 1 } as const;
    const events: HistoryEvent[] = [
      {
        type: "header",
        format: "minos-history",
        version: 1,
        model: "cas-register",
        initial: null,
        keyed: true,
        clock: { unit: "ns", origin: "run-start" },
        plan: "p",
        run: "r",
        build: null,
        concurrency: 2,
        startedAt: "now",
      },
      { type: "phase", time: 0, phase: "load" },
      { type: "invoke", time: 1, process: 0, thread: 0, node: "n1", function: "get", key: "a", input: null },
      { type: "invoke", time: 2, thread: 1, node: null, input: { expected: "x", new: null }, ...common },
      { type: "ok", time: 3, process: 0, function: "get", key: "a", output: { b: [1] } },
      { type: "ok", time: 4, ...common, output: { status: "mismatch", observed: "y" } },
      { type: "fault", time: 5, fault: 0, stage: "requested", kind: "kill", spec: {}, targets: ["n1"], evidence: null },
      { type: "invoke", time: 6, process: 0, thread: 0, node: "n1", function: "put", key: "a", input: 7 },
      { type: "info", time: 7, process: 0, function: "put", key: "a", output: null, error: 'time"out' },
    ];
    expect(formatEdn(events))
      .toBe(`{:index 0, :time 1, :type :invoke, :process 0, :f :read, :value ["a" nil], :node "n1"}
{:index 1, :time 2, :type :invoke, :process 1, :f :cas, :value ["a" ["x" nil]]}
{:index 2, :time 3, :type :ok, :process 0, :f :read, :value ["a" {"b" [1]}]}
{:index 3, :time 4, :type :fail, :process 1, :f :cas, :value ["a" ["x" nil]], :observed "y", :minos/status :mismatch}
{:index 4, :time 5, :type :info, :process :nemesis, :f :kill, :value {:fault 0, :stage :requested, :targets ["n1"]}}
{:index 5, :time 6, :type :invoke, :process 0, :f :write, :value ["a" 7], :node "n1"}
{:index 6, :time 7, :type :info, :process 0, :f :write, :value ["a" 7], :error "time\\"out"}
`);
  });
});
