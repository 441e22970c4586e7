// Shows what damage to a stopped node's files changes and what it leaves alone, and that only a node damaged so is excused for its end.
import { describe, expect, test } from "vitest";
import type { ClusterEvent } from "./cluster.js";
import { cutFile, flipBits, tellOfDamaged } from "./flip-bits.js";
import type { NodeName } from "./names.js";

const files = [
  { path: "wal/1", bytes: Buffer.alloc(64, 0x5a) },
  { path: "node.json", bytes: Buffer.from("{}") },
];
const range = { path: "wal/1", from: 16, to: 48 };

/** Positions of the bits in which two buffers differ. */
function differing(before: Buffer, after: Buffer): readonly number[] {
  expect(after.length).toBe(before.length);
  return [...before].flatMap((byte, at) =>
    Array.from({ length: 8 }, (_, bit) => 8 * at + bit).filter(
      (bit) => ((byte ^ after.readUInt8(at)) & (1 << (bit % 8))) !== 0,
    ),
  );
}

describe("bits turned over", () => {
  test.each([1, 2, 7, 256])("%i bits are as many different ones, all within the range", (bits) => {
    for (let seed = 0; seed < 50; seed += 1) {
      const { path, before, after } = flipBits(files, [range], bits, `stream ${seed}`);
      expect(path).toBe("wal/1");
      const changed = differing(before, after);
      expect(changed.length).toBe(bits);
      expect(changed.every((bit) => bit >= 16 * 8 && bit < 48 * 8)).toBe(true);
    }
    expect(files[0]?.bytes.every((byte) => byte === 0x5a)).toBe(true);
  });

  test("more bits than there are turn over all of them", () => {
    const { before, after } = flipBits(files, [range], 10_000, "stream");
    expect(differing(before, after).length).toBe(32 * 8);
  });

  test("the stream's name decides, and reaches every range", () => {
    const ranges = [0, 16, 32].map((from) => ({ path: "wal/1", from, to: from + 16 }));
    const struck = Array.from({ length: 60 }, (_, seed) => {
      const first = flipBits(files, ranges, 1, `stream ${seed}`);
      expect(flipBits(files, ranges, 1, `stream ${seed}`)).toEqual(first);
      return Math.floor((differing(first.before, first.after)[0] ?? -1) / (16 * 8));
    });
    expect(new Set(struck)).toEqual(new Set([0, 1, 2]));
  });

  test("without a durable byte there is nothing to damage, and a range outside of its file is refused", () => {
    expect(() => flipBits(files, [], 1, "stream")).toThrow("nothing on the disk was durable");
    expect(() => flipBits(files, [{ ...range, to: 65 }], 1, "stream")).toThrow("wal/1 has no bytes from 16 to 65");
    expect(() => flipBits(files, [{ ...range, to: 16 }], 1, "stream")).toThrow("no bytes");
    expect(() => flipBits(files, [{ ...range, path: "gone" }], 1, "stream")).toThrow("gone has no bytes");
  });
});

describe("a file cut", () => {
  test("ends amid a range, with what stood before it, and the stream's name decides where", () => {
    const ends = Array.from({ length: 200 }, (_, seed) => {
      const { path, before, after } = cutFile(files, [range], `stream ${seed}`);
      expect(cutFile(files, [range], `stream ${seed}`).after.equals(after)).toBe(true);
      expect([path, before.length]).toEqual(["wal/1", 64]);
      expect(before.subarray(0, after.length).equals(after)).toBe(true);
      return after.length;
    });
    expect([Math.min(...ends), Math.max(...ends)]).toEqual([16, 47]);
    expect(() => cutFile(files, [], "stream")).toThrow("nothing on the disk was durable");
  });
});

describe("what is told of a damaged node", () => {
  const [n1, n2] = ["n1", "n2"] as unknown as readonly [NodeName, NodeName];
  const damaged = new Set([n1]);
  const exit = (node: NodeName, code: number | null, signal: string | null): ClusterEvent => ({
    type: "exited",
    node,
    code,
    signal,
    expected: false,
    logTail: [],
  });

  test("its refusal to start is no crash, nor is what it says of it", () => {
    expect(tellOfDamaged(exit(n1, 1, null), damaged)).toMatchObject({ type: "exited", expected: true });
    const panic = { type: "panic", node: n1, line: "FATAL the log is damaged" } as const;
    expect(tellOfDamaged(panic, damaged)).toEqual({
      type: "notice",
      detail: "n1 on its damaged disk: FATAL the log is damaged",
    });
  });

  test("an end by a signal, an end without an error, and whatever another node does is told as ever", () => {
    for (const event of [exit(n1, null, "SIGSEGV"), exit(n1, 0, null), exit(n2, 1, null)])
      expect(tellOfDamaged(event, damaged)).toBe(event);
    const panic = { type: "panic", node: n2, line: "FATAL" } as const;
    expect(tellOfDamaged(panic, damaged)).toBe(panic);
  });
});
