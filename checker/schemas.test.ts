// docs/schemas/{event,verdict}.schema.json hold for real artifacts and refuse broken ones, and the event schema refuses what the
// reader of history.jsonl refuses.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { formatEvent, MalformedHistory, readHistory, type HistoryEvent } from "../history/index.js";
import { judge } from "./judge.js";
import { wholeRun } from "./testing/run-events.js";

function validatorOf(name: string) {
  const path = join(import.meta.dirname, `../docs/schemas/${name}.schema.json`);
  return new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, allErrors: true }).compile(
    JSON.parse(readFileSync(path, "utf8")) as object,
  );
}

const isEvent = validatorOf("event");
const isVerdict = validatorOf("verdict");
const run = wholeRun();

/** As it stands in a file. */
function stored(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

describe("the event schema", () => {
  const extra: readonly HistoryEvent[] = [
    { type: "node", time: 1e15, node: "n1", what: "exited", expected: false, detail: { code: 1 } },
    { type: "runner", time: 1e15, what: "proxy-died", detail: "exit 137" },
  ];
  test("holds for every event of a run", () => {
    for (const event of [...run.events, ...extra]) {
      isEvent(stored(event));
      expect(isEvent.errors ?? []).toEqual([]);
    }
    expect(new Set(run.events.map(({ type }) => type))).toEqual(
      new Set(["header", "phase", "invoke", "ok", "info", "fault", "runner"]),
    );
  });

  test("refuses just what the reader refuses: a field missing or of another type", () => {
    const [header] = run.events;
    if (header === undefined) throw new Error("unreachable: no header");
    const samples = [...new Map([...run.events, ...extra].map((event) => [event.type, event])).values()];
    let compared = 0;
    for (const event of samples) {
      for (const field of Object.keys(event)) {
        for (const broken of [undefined, { strange: true }, 0.5]) {
          const changed: unknown = stored({ ...event, [field]: broken });
          const line = formatEvent(changed as HistoryEvent);
          const read = readHistory(event.type === "header" ? line : `${formatEvent(header)}${line}`, {
            format: "jsonl",
          });
          // A completion without its call is refused later, for another reason.
          const refused = read instanceof MalformedHistory && !/never called/.test(read.message);
          expect([event.type, field, JSON.stringify(broken), refused]).toEqual([
            event.type,
            field,
            JSON.stringify(broken),
            !isEvent(changed),
          ]);
          compared += 1;
        }
      }
    }
    expect(compared).toBeGreaterThan(150);
  });
});

describe("the verdict schema", () => {
  const verdicts = {
    valid: judge(run.input),
    violation: judge(wholeRun({ bug: "lost-writes" }).input),
    unknown: judge({ ...run.input, interrupted: "Ctrl-C" }),
    malformed: judge({ ...run.input, events: run.events.toReversed() }),
    history: judge({ mode: "history", events: run.events, model: "cas-register", initial: null }),
  };
  test.each(Object.entries(verdicts))("holds for a verdict: %s", (_, verdict) => {
    isVerdict(stored(verdict));
    expect(isVerdict.errors ?? []).toEqual([]);
  });

  test("refuses verdicts that contradict themselves", () => {
    expect(isVerdict(stored({ ...verdicts.violation, valid: true }))).toBe(false);
    expect(isVerdict(stored({ ...verdicts.valid, valid: false }))).toBe(false);
    expect(isVerdict(stored({ ...verdicts.valid, valid: "unknown" }))).toBe(false);
    expect(isVerdict(stored({ ...verdicts.valid, valid: "maybe" }))).toBe(false);
    const [violation] = verdicts.violation.violations;
    expect(isVerdict(stored({ ...verdicts.violation, violations: [{ ...violation, class: "odd" }] }))).toBe(false);
    expect(violation?.explanation?.weaker.guarantees).toHaveLength(4);
    const odd = { ...violation?.explanation, stalenessMs: -1 };
    expect(isVerdict(stored({ ...verdicts.violation, violations: [{ ...violation, explanation: odd }] }))).toBe(false);
  });
});
