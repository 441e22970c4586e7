// What is said of the models that a history satisfies, by example: the strongest one in words, each failure with its witness, and
// where nobody knows.
import { describe, expect, test } from "vitest";
import type { JsonValue, Operation } from "../../history/index.js";
import type { AnyModel } from "../model.js";
import { casRegister, queue, set } from "../models/index.js";
import type { SessionGuarantee } from "../verdict.js";
import { operation } from "../testing/builders.js";
import { judgeWeaker } from "./judge-weaker.js";
import { judgeGuarantees, sessionGuarantees } from "./session-guarantees.js";

type Step = readonly [process: number, name: string, input: JsonValue, output?: JsonValue];

/** Operations one after the other; `null` as output of what writes: nobody knows whether it happened. */
function line(...steps: readonly Step[]): Operation[] {
  return steps.map(([process, name, input, output], at) => {
    const isUnknown = output === null && name !== "get";
    const answer = output ?? (name === "cas" ? { status: "ok" } : null);
    return operation(at, name, input, isUnknown ? null : answer, 2 * at, isUnknown ? null : 2 * at + 1, { process });
  });
}

const put = (process: number, value: JsonValue): Step => [process, "put", value];
const get = (process: number, value: JsonValue): Step => [process, "get", null, value];
const cas = (process: number, expected: JsonValue, value: JsonValue): Step => [
  process,
  "cas",
  { expected, new: value },
];

function judged(operations: readonly Operation[], model: AnyModel = casRegister, initial: JsonValue = 0) {
  return judgeWeaker(model, operations, initial, 20_000);
}

const all = (holds: boolean | "unknown", witness: readonly number[] = []) =>
  sessionGuarantees.map((guarantee) => ({ guarantee, holds, given: [], witness }));

const twist = [get(1, 21), put(1, 20), get(2, 20), put(2, 21)];
const seesaw = [get(3, 20), get(3, 21), get(4, 21), get(4, 20)];
const forgets = [put(5, 22), get(5, 0)];

describe("a register", () => {
  test("that is sequentially consistent keeps all guarantees", () => {
    expect(judged(line(put(1, 1), get(2, 0), get(2, 1)))).toEqual({
      strongest: "sequential consistency",
      sequential: { holds: true, witness: [] },
      guarantees: all(true),
    });
  });

  test("whose cas fork keeps the guarantees and no more", () => {
    expect(judged(line(put(7, 5), cas(1, 0, 1), cas(2, 0, 2)))).toEqual({
      strongest: "all four session guarantees",
      sequential: { holds: false, witness: [1, 2] },
      guarantees: all(true),
    });
  });

  test("with an answer that contradicts itself satisfies nothing", () => {
    const [contradiction] = line([1, "cas", { expected: 3, new: 4 }, { status: "mismatch", observed: 3 }]);
    if (contradiction === undefined) throw new Error("invariant: no operation");
    expect(judged([...line(put(2, 3)), { ...contradiction, index: 9 }])).toEqual({
      strongest: "none of the models that were looked at",
      sequential: { holds: false, witness: [9] },
      guarantees: all(false, [9]),
    });
  });

  test("with a value from nowhere satisfies nothing, and what proves that a cas had seen one is named", () => {
    const [unknown, proof] = line([1, "cas", { expected: 3, new: 4 }, null], get(2, 4));
    expect(judged([unknown, proof].flatMap((one) => one ?? []))).toEqual({
      strongest: "none of the models that were looked at",
      sequential: { holds: false, witness: [0, 1] },
      guarantees: all(false, [0, 1]),
    });
  });

  test.each<[string, readonly Step[], readonly SessionGuarantee[]]>([
    ["monotonic writes, writes follow reads and monotonic reads", [put(1, 1), get(1, 0)], ["read your writes"]],
    [
      "monotonic writes, writes follow reads and read your writes",
      [put(1, 1), put(1, 2), get(2, 2), get(2, 1)],
      ["monotonic reads"],
    ],
    ["monotonic writes, monotonic reads and read your writes", twist, ["writes follow reads"]],
    [
      "monotonic writes and writes follow reads",
      [put(1, 20), put(2, 21), ...seesaw, ...forgets],
      ["monotonic reads", "read your writes"],
    ],
    [
      "monotonic writes",
      [...twist, ...seesaw, ...forgets],
      ["writes follow reads", "monotonic reads", "read your writes"],
    ],
  ])("keeps %s and nothing else", (strongest, steps, broken) => {
    const answer = judged(line(...steps));
    expect(answer.strongest).toBe(strongest);
    expect(answer.guarantees.flatMap(({ guarantee, holds }) => (holds === false ? [guarantee] : []))).toEqual(broken);
  });

  test("a guarantee that fails by itself is given nothing, one that fails by the order of writes is given that", () => {
    const byItself = judged(line(put(1, 1), get(1, 0))).guarantees.at(-1);
    expect(byItself).toEqual({ guarantee: "read your writes", holds: false, given: [], witness: [0, 1] });
    const byOrder = judged(line(put(1, 1), put(1, 2), get(2, 2), get(2, 1))).guarantees[2];
    expect(byOrder).toEqual({
      guarantee: "monotonic reads",
      holds: false,
      given: ["monotonic writes"],
      witness: [0, 1, 2, 3],
    });
  });
});

describe("a witness", () => {
  const ring = (size: number) =>
    judged(line(put(9_999, "x"), ...Array.from({ length: size }, (_, at) => cas(at, at + 1, ((at + 1) % size) + 1))))
      .sequential;

  test("of a ring of cas is the ring; one of more than 200 operations is not listed", () => {
    expect(ring(3)).toEqual({ holds: false, witness: [1, 2, 3] });
    expect(ring(200).witness).toHaveLength(200);
    expect(ring(201)).toEqual({ holds: false, witness: [] });
  });

  test("of a session that goes back within a chain of cas names the links between", () => {
    const chain = [put(1, 1), cas(2, 1, 2), cas(3, 2, 3), cas(4, 3, 4)];
    const back = [get(5, 3), get(5, 2)];
    expect(judged(line(...chain, ...back)).sequential).toEqual({ holds: false, witness: [1, 2, 4, 5] });
  });

  test("of two chains that each come before the other names what ties their ends together", () => {
    const one = [put(1, 1), cas(2, 1, 2), cas(3, 2, 3)];
    const other = [put(4, 11), cas(5, 11, 12), cas(6, 12, 13)];
    const crossing = [get(7, 2), get(7, 12), get(8, 12), get(8, 2)];
    expect(judged(line(...one, ...other, ...crossing)).sequential).toEqual({
      holds: false,
      witness: [0, 1, 3, 4, 6, 7, 8, 9].filter((at) => ![0, 3].includes(at)),
    });
  });

  test("of a way back to the initial value names what had replaced it", () => {
    expect(judged(line(put(1, 1), get(2, 1), get(2, 0))).sequential).toEqual({ holds: false, witness: [0, 1, 2] });
    const chain = [cas(1, 0, 1), cas(2, 1, 2), put(3, 9), get(4, 9), get(4, 1)];
    expect(judged(line(...chain)).sequential).toEqual({ holds: false, witness: [0, 2, 3, 4] });
  });
});

describe("where it is open which write was seen", () => {
  const sessions = 17;
  // Written in one order and seen in another: trying orders of call takes for ever.
  const upsideDown = [
    ...Array.from({ length: sessions }, (_, at) => put(at + 1, at + 1)),
    ...Array.from({ length: sessions }, (_, at) => get(100, ((at * 5) % sessions) + 1)),
  ];

  test("a guess finds an order that a search does not", () => {
    expect(judged(line(...upsideDown)).sequential.holds).toBe(true);
    // Neither do those of a chain of cas stand in order of call.
    const chain = [cas(300, 60, 61), get(301, 61), get(302, 60), cas(303, 61, 62), put(304, 60)];
    expect(judged(line(...upsideDown, ...chain)).sequential.holds).toBe(true);
    expect(judged(line(...chain, ...upsideDown, get(301, 1), get(302, 62))).sequential.holds).toBe(true);
    const twice = [put(200, 50), put(201, 50), get(202, 50)];
    expect(judged(line(...upsideDown, ...twice)).sequential.holds).toBe(true);
  });

  test("and neither finds one in time, nobody knows", () => {
    const answers = line(
      ...upsideDown,
      put(200, 50),
      put(200, 51),
      put(201, 50),
      put(201, 52),
      get(202, 50),
      get(202, 51),
    );
    const vague: Step = [203, "cas", { expected: 9, new: 8 }, { status: "mismatch" }];
    const answer = judged([...answers, ...line(vague)]);
    expect(["unknown", true]).toContain(answer.sequential.holds);
  });

  test("and no guess is to be had, the guarantees are not known", () => {
    const steps: Step[] = [
      [1, "cas", { expected: 0, new: 1 }, null],
      [2, "cas", { expected: 0, new: 2 }, null],
      get(3, 1),
      get(4, 2),
      [5, "cas", { expected: 0, new: 3 }, { status: "mismatch" }],
    ];
    expect(judged(line(...steps))).toEqual({
      strongest: "not known",
      sequential: { holds: false, witness: [0, 1, 2, 3] },
      guarantees: all("unknown"),
    });
  });
});

describe("guarantees of sessions of which only some is known", () => {
  const write = (at: number) => ({ at, writes: true, sees: null });
  const read = (at: number, sees: number) => ({ at, writes: false, sees });
  const judge = (...sessions: Parameters<typeof judgeGuarantees>[0]["sessions"][number][]) =>
    judgeGuarantees({ sessions, provedBy: new Map() }, null).map(({ holds, witness }) => [holds, witness]);
  const open = ["unknown", []];
  const initial = -1;

  test("fail where that is certain, and are else not known", () => {
    expect(judge([write(0), write(1)], [read(2, 0), read(3, 1)])).toEqual([open, open, open, open]);
    expect(judge([write(0), write(1), read(2, initial)])).toEqual([open, open, open, [false, [0, 2]]]);
    expect(judge([read(0, 3), write(1)], [read(2, 1), write(3)])).toEqual([open, [false, [0, 1, 2, 3]], open, open]);
    // Also a write that is not the next one after the read.
    const later = judge([read(0, 3), write(9), write(1)], [read(2, 1), write(3)]);
    expect(later).toEqual([open, [false, [0, 1, 2, 3]], open, open]);
    expect(judge([write(0), write(1)], [read(2, 1), read(3, 0)], [read(4, 0), read(5, 1)])).toEqual([
      open,
      open,
      [false, [0, 1, 2, 3, 4, 5]],
      open,
    ]);
  });

  test("are not known either where they demand too much to be looked at", () => {
    const reads = Array.from({ length: 650 }, (_, at) => read(at, 2_000 + at));
    const writes = Array.from({ length: 650 }, (_, at) => write(1_000 + at));
    expect(judge([...reads, ...writes], [read(5_000, 1_000), write(2_000)])).toEqual([open, open, open, open]);
  });
});

describe("a model that is no register", () => {
  const enqueue = (process: number, value: JsonValue): Step => [process, "enqueue", value];
  const dequeue = (process: number, value: JsonValue): Step => [process, "dequeue", null, value];

  test("is judged for sequential consistency only", () => {
    const swapped = line(enqueue(1, 1), enqueue(2, 2), dequeue(3, 2), dequeue(3, 1));
    expect(judged(swapped, queue, [])).toEqual({
      strongest: "sequential consistency",
      sequential: { holds: true, witness: [] },
      guarantees: [],
    });
    const lost = line(enqueue(1, 1), enqueue(1, 2), dequeue(3, 2), dequeue(3, 1));
    expect(judged(lost, queue, [])).toEqual({
      strongest: "none of the models that were looked at",
      sequential: { holds: false, witness: [] },
      guarantees: [],
    });
  });

  test("is not known where the search would take too long", () => {
    const adds = Array.from({ length: 20 }, (_, at): Step => [at + 1, "add", at]);
    const answer = judged(line(...adds, [99, "contains", 77, true]), set, []);
    expect(answer).toEqual({ strongest: "not known", sequential: { holds: "unknown", witness: [] }, guarantees: [] });
  });
});
