// `minos check` as its users meet it: every format without being told which, folders, what is wrong with a file and where, budgets,
// and exit codes that never hide a violation.
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { documentOf, minos, temporaryFolder } from "./testing/minos.js";

const header =
  '{"type":"header","format":"minos-history","version":1,"model":"cas-register","initial":null,"keyed":true,' +
  '"clock":{"unit":"ns","origin":"run-start"},"plan":"p","run":"r","build":null,"concurrency":2,"startedAt":"now"}\n';
const event = (type: string, time: number, name: string, rest: string): string =>
  `{"type":"${type}","time":${time},"process":0,${type === "invoke" ? '"thread":0,"node":null,' : ""}"function":"${name}","key":"x",${rest}}\n`;
const written = event("invoke", 1, "put", '"input":7') + event("ok", 2, "put", '"output":null');
const jsonl = (read: number): string =>
  header + written + event("invoke", 3, "get", '"input":null') + event("ok", 4, "get", `"output":${read}`);
const edn = (read: number): string =>
  `{:type :invoke, :process 0, :f :write, :value 7}\n{:type :ok, :process 0, :f :write, :value 7}\n` +
  `{:type :invoke, :process 1, :f :read, :value nil}\n{:type :ok, :process 1, :f :read, :value ${read}}\n`;
const log = (read: number): string =>
  [`0\t:invoke\t:write\t7`, `0\t:ok\t:write\t7`, `1\t:invoke\t:read\tnil`, `1\t:ok\t:read\t${read}`]
    .map((line) => `INFO  jepsen.util - ${line}\n`)
    .join("");
const kv = (read: string): string =>
  `{:process 0, :type :invoke, :f :append, :key "k", :value "a"}\n{:process 0, :type :ok, :f :append, :key "k", :value "a"}\n` +
  `{:process 1, :type :invoke, :f :get, :key "k", :value nil}\n{:process 1, :type :ok, :f :get, :key "k", :value "${read}"}\n`;

/** A folder with these files, and a way to check words in it. */
function folderWith(files: Readonly<Record<string, string | Uint8Array>>) {
  const cwd = temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(cwd, name, ".."), { recursive: true });
    writeFileSync(join(cwd, name), content);
  }
  return { cwd, check: (...words: readonly string[]) => minos(["check", ...words], { cwd }) };
}

interface Result {
  readonly file: string;
  readonly error: string | null;
  readonly valid?: boolean | "unknown";
}

test("every format is told from the text and judged, in one command over several files", async () => {
  const { check } = folderWith({
    "ours.jsonl": jsonl(7),
    "bad.jsonl": jsonl(8),
    "jepsen.edn": edn(7),
    "jepsen-bad.edn": edn(8),
    "etcd.log": log(7),
    "etcd-bad.log": log(8),
    "texts.txt": kv("a"),
    "texts-bad.txt": kv("b"),
  });
  const ended = await check(".", "--json");
  const results = documentOf(ended)["results"] as readonly Result[];
  expect(results.map(({ file, valid }) => [file, valid])).toEqual([
    ["bad.jsonl", false],
    ["etcd-bad.log", false],
    ["etcd.log", true],
    ["jepsen-bad.edn", false],
    ["jepsen.edn", true],
    ["ours.jsonl", true],
    ["texts-bad.txt", false],
    ["texts.txt", true],
  ]);
  expect(ended.code).toBe(1);
});

test("a folder stands for the runs below it, each once, and a run for its own record", async () => {
  const { cwd, check } = folderWith({
    "store/one/history.jsonl": jsonl(7),
    "store/one/history.edn": edn(8),
    "store/one/nodes/n1/node.log": "not a history",
    "store/two/history.edn": edn(7),
    "empty/notes.md": "nothing here",
  });
  symlinkSync("one", join(cwd, "store/latest"));
  const ended = await check("store", "--json");
  const results = documentOf(ended)["results"] as readonly Result[];
  expect(results.map(({ file, valid }) => [file, valid])).toEqual([
    ["store/latest/history.jsonl", true],
    ["store/two/history.edn", true],
  ]);
  expect(ended.code).toBe(0);
  expect(await check("empty")).toMatchObject({
    code: 254,
    err: expect.stringContaining("empty holds no history") as string,
  });
});

const broken: readonly (readonly [name: string, content: string | Uint8Array, message: string])[] = [
  ["line.jsonl", jsonl(7).replace('"time":3', '"time":x'), "line 4, column 25: expected one JSON object, found"],
  [
    "field.jsonl",
    jsonl(7).replace('"process":0', '"process":"a"'),
    'line 2, column 37: an event of type "invoke" needs an integer as "process"',
  ],
  [
    "shape.jsonl",
    jsonl(7).replace('"get"', '"pop"').replace('"get"', '"pop"'),
    'line 4, column 1: model cas-register: operation 1 (pop, event 3): function "pop"',
  ],
  [
    "model.jsonl",
    jsonl(7).replace('"cas-register"', '"cas-regster"'),
    `the file's model "cas-regster" is none of register,`,
  ],
  ["open.edn", edn(7).replace(":value 7}\n", ":value 7\n"), 'line 1, column 1: "{" is never closed'],
  [
    "type.edn",
    edn(7).replace(":ok", ":yes"),
    "line 2, column 8: :type must be one of :invoke, :ok, :fail, :info, found :yes",
  ],
  [
    "bytes.edn",
    Buffer.from(edn(7).replace(":value 7", ":value \u00ff"), "latin1"),
    "line 1, column 47: expected UTF-8, found byte 0xff",
  ],
  [
    "name.log",
    log(7).replace(":write\t7\n", ":wrote\t7\n"),
    "line 1, column 31: expected :read, :write or :cas, found :wrote",
  ],
  [
    "prose.txt",
    "Once upon a time\n",
    "line 1, column 1: expected a history: JSON Lines with a header, EDN maps, or Jepsen log lines",
  ],
  ["nothing.txt", "", "line 1, column 1: expected a history"],
];

test("a broken file is unknown, with the place and what was expected, whatever its format", async () => {
  const { check } = folderWith(Object.fromEntries(broken.map(([name, content]) => [name, content])));
  const ended = await check(...broken.map(([name]) => name));
  for (const [name, , message] of broken) expect(ended.err).toContain(`${name}: ${message}`);
  expect(ended).toMatchObject({ code: 2, out: "" });
});

test("a violation is never hidden by a file that is broken, missing or unknown", async () => {
  const { check } = folderWith({ "good.edn": edn(7), "bad.edn": edn(8), "broken.edn": "{:type" });
  expect((await check("broken.edn", "missing.edn", "bad.edn", "good.edn")).code).toBe(1);
  expect((await check("broken.edn", "good.edn")).code).toBe(2);
  const missing = await check("broken.edn", "missing.edn", "good.edn");
  expect(missing.code).toBe(254);
  expect(missing.err).toMatch(/missing\.edn: cannot be read: ENOENT/);
});

test("model and initial value of a file give way to those on the command line", async () => {
  const { check } = folderWith({
    "read.edn": "{:type :invoke :process 0 :f :read}\n{:type :ok :process 0 :f :read :value 5}\n",
  });
  expect((await check("read.edn")).code).toBe(1);
  expect((await check("read.edn", "--initial", "5")).code).toBe(0);
  expect((await check("read.edn", "--initial", "5", "--model", "counter")).code).toBe(0);
  const jepsenSet =
    "{:type :invoke :process 0 :f :add :value 1}\n{:type :ok :process 0 :f :add :value 1}\n{:type :invoke :process 0 :f :read}\n{:type :ok :process 0 :f :read :value #{}}\n";
  const lost = folderWith({ "set.edn": jepsenSet });
  const ended = await lost.check("set.edn", "--model", "set");
  expect([ended.code, ended.out]).toEqual([1, expect.stringContaining("its add had been acknowledged")]);
});

test("what a failed cas means is for the user to say, and so is that values are keyed", async () => {
  const failedCas =
    "{:type :invoke :process 0 :f :cas :value [nil 1]}\n{:type :fail :process 0 :f :cas :value [nil 1]}\n{:type :invoke :process 0 :f :write :value 2}\n{:type :ok :process 0 :f :write :value 2}\n";
  const { check } = folderWith({
    "cas.edn": failedCas,
    "keyed.edn": edn(8).replaceAll(/:value (\S+)}/g, ":value [1 $1]}"),
  });
  expect((await check("cas.edn")).code).toBe(0);
  expect((await check("cas.edn", "--failed-cas", "mismatch")).code).toBe(1);
  const keyed = await check("keyed.edn", "--keyed", "--json");
  expect([keyed.code, documentOf(keyed)["results"]]).toMatchObject([1, [{ violations: [{ key: 1 }] }]]);
});

test("--explain shows the operations, how they were judged and how hard it was looked; engines can be chosen", async () => {
  const { check } = folderWith({ "bad.edn": edn(8), "good.edn": edn(7) });
  const bad = await check("bad.edn", "--explain");
  expect(bad.out).toContain("These contradict each other; without any one of them the rest is consistent:");
  expect(bad.out).toMatch(/\[1\] get by process 1 returned 8, /);
  expect(bad.out).toContain("strongest weaker model known to hold");
  const good = await check("good.edn", "--explain", "--engine", "wing-gong");
  expect(good.out).toMatch(/the object: valid, 2 operations, wing-gong, [\d.]+ ms/);
  expect(good.out).toMatch(/share of corruptions caught: 1 \(damaged in one place and judged again/);
});

test("a budget that runs out is unknown and says which", async () => {
  // Thirty appends at once of two texts, so that a read does not say whose they are, and a read that none of their orders gives.
  const calls = Array.from(
    { length: 30 },
    (_, at) => `{:process ${at}, :type :invoke, :f :append, :key "k", :value "${at % 2},"}\n`,
  );
  const sixteenOfOne = "0,".repeat(16) + "1,".repeat(14);
  const returns = calls.map((line) => line.replace(":invoke", ":ok"));
  const read = `{:process 99, :type :invoke, :f :get, :key "k", :value nil}\n{:process 99, :type :ok, :f :get, :key "k", :value "${sixteenOfOne}"}\n`;
  const { check } = folderWith({ "hard.txt": [...calls, ...returns, read].join("") });
  const counted = await check("hard.txt", "--configurations", "5000");
  expect([counted.code, counted.out]).toEqual([2, expect.stringMatching(/the configurations budget ran out/)]);
  const timed = await check("hard.txt", "--time-budget", "3s");
  expect([timed.code, timed.out]).toEqual([2, expect.stringMatching(/the time budget ran out/)]);
  expect(timed.err).toMatch(/^judging hard\.txt: 31 operations, \d+ configurations visited$/m);
});

test.each([
  [["--engine", "magic"], '--engine: "magic" is none of no-search, configuration-sets, wing-gong'],
  [["--model", "cas"], '--model: "cas" is none of register, cas-register'],
  [["--initial", "x"], "--initial: x is no JSON"],
  [["--memory-budget", "0"], '--memory-budget: "0" is no number of 1 or more'],
  [["--configurations", "many"], '--configurations: "many" is no number'],
  [["--failed-cas", "maybe"], '--failed-cas: "maybe" is neither'],
  [["--time-budget", "10"], "--time-budget"],
])("%j is bad usage", async (words, message) => {
  const { check } = folderWith({ "good.edn": edn(7) });
  expect(await check("good.edn", ...words)).toMatchObject({
    code: 254,
    err: expect.stringContaining(message) as string,
  });
});
