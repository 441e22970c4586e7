// Recorded histories of public projects with known verdicts: 52 Jepsen logs of etcd and four key-value histories. They are no part
// of the repository; where their folder is missing this is skipped with one visible line.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { MalformedHistory, readHistory } from "../history/index.js";
import { checkLinearizability, type EngineName } from "./linearizability.js";

const folder = join(import.meta.dirname, "../../shared/histories");
const linearizable = new Set([2, 5, 7, 18, 25, 31, 38, 45, 48, 49, 51]);
const present = existsSync(folder);
if (!present) console.warn(`NOTICE: ${folder} is missing: the recorded histories with known verdicts are not judged`);

function judge(path: string, engine?: EngineName) {
  const document = readHistory(readFileSync(join(folder, path), "utf8"));
  if (document instanceof MalformedHistory) throw document;
  const { operations, model, initial } = document;
  return checkLinearizability(operations, model, { initial, ...(engine === undefined ? {} : { engine }) });
}

describe.skipIf(!present)("recorded histories", () => {
  const numbers = Array.from({ length: 52 }, (_, index) => index);
  test.each(numbers)("etcd log %i is judged as its project judges it, and certified", (number) => {
    const name = `jepsen-etcd/etcd_${String(number).padStart(3, "0")}.log`;
    const result = judge(name);
    expect(result.valid).toBe(linearizable.has(number));
    for (const violation of result.violations) {
      expect(violation.certificate).toMatchObject({ minimal: true, verified: true });
      expect(violation.operations.length).toBeLessThanOrEqual(8);
    }
    expect(judge(name, "wing-gong").valid).toBe(linearizable.has(number));
  });

  test.each([
    ["c01-ok", true],
    ["c01-bad", false],
    ["c10-ok", true],
    ["c10-bad", false],
  ] as const)("kv history %s is judged as its project judges it", (name, valid) => {
    const result = judge(`kv/${name}.txt`);
    expect(result.valid).toBe(valid);
    for (const violation of result.violations) expect(violation.certificate?.minimal).toBe(true);
  });
});
