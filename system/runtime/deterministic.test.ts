// Shows that the store without input or output does what its contract says: one write at a time, nothing told before it is durable,
// a log that comes back from the disk, torn or whole, and one that is refused when what was durable has changed.
import { expect, test } from "vitest";
import { nodeNames, type DeterministicNode } from "../../cluster/index.js";
import { deterministicSystem as system } from "./deterministic.js";

function start(disk: unknown, incarnation = 1): DeterministicNode {
  const options = { node: 1, nodes: nodeNames(1), replication: 1, clusterId: "test", identity: "disk", incarnation };
  return system.createNode(options, disk);
}

interface Write {
  readonly number: number;
  readonly batch: unknown;
}

/** Ticks until the node asks for a write. */
function untilWrite(node: DeterministicNode): Write {
  for (let tick = 0; tick < 200; tick += 1) {
    const { write } = node.turn([{ type: "tick" }]);
    if (write !== null) return write;
  }
  throw new Error("no write in 200 ticks");
}

/** Makes writes durable until the node leads with its promise on disk; the write that holds that promise is given to `promised`. */
function lead(node: DeterministicNode, disk: unknown, promised: (write: Write) => void): void {
  let next: Write | null = node.turn([]).write;
  for (let step = 0; step < 200; step += 1) {
    const write = next ?? untilWrite(node);
    const before = system.inspectDisk?.(disk).promised[0];
    const trial = structuredClone(disk);
    system.applyBatch(trial, write.batch);
    if (system.inspectDisk?.(trial).promised[0] !== before) promised(write);
    system.applyBatch(disk, write.batch);
    next = node.turn([{ type: "persisted", write: write.number }]).write;
    if (node.inspect()?.leads === true) return;
  }
  throw new Error("nobody leads");
}

test("a promise, and a leadership on it, is told in the status only once it is durable", () => {
  const disk = system.emptyDisk();
  const node = start(disk);
  const told: unknown[] = [];
  lead(node, disk, () => {
    const [group] = node.status().groups;
    told.push([group?.leader, group?.ballot]);
  });
  expect(told).toEqual([[null, "0.0.none"]]);
  expect(node.status().groups[0]).toMatchObject({ leader: "n1", ballot: "1.0.n1" });
});

test("what was durable is there after a restart; of a torn batch nothing is believed", () => {
  const disk = system.emptyDisk();
  let promise: unknown = null;
  lead(start(disk), disk, ({ batch }) => {
    promise = batch;
  });
  expect(start(disk, 2)).toBeDefined();
  expect(system.inspectDisk?.(disk).promised).toEqual([1, 0, 1]);
  const torn = system.emptyDisk();
  system.recoverTorn(torn, promise, 0.7);
  expect(torn).toEqual(system.emptyDisk());
  system.recoverTorn(torn, promise, 1);
  expect(system.inspectDisk?.(torn).promised).toEqual([1, 0, 1]);
});

test("an append that does not fit the log is refused", () => {
  const batch = [{ type: "append", index: 7, commands: [] }];
  expect(() => system.applyBatch(system.emptyDisk(), batch)).toThrow("an append at 7 to a log of 0 entries");
});

test("whatever bit of a durable batch but the last turns over, the store refuses its log or has lost nothing", () => {
  const disk = system.emptyDisk();
  lead(start(disk), disk, () => undefined);
  for (let number = 100; number < 103; number += 1)
    system.applyBatch(disk, [{ type: "promised", ballot: { number, priority: 0, node: 1 } }]);
  const count = system.batchesOn?.(disk) ?? 0;
  expect(count).toBeGreaterThanOrEqual(5);
  let refused = 0;
  let tries = 0;
  for (let batch = 0; batch < count - 1; batch += 1)
    for (let at = 0; at < 1; at += 1 / 997) {
      const changed = structuredClone(disk);
      tries += 1;
      try {
        system.recoverDamaged?.(changed, [{ batch, at, bits: 1 }]);
        expect(changed).toEqual(disk);
      } catch (error) {
        expect(String(error)).toMatch(
          /^Error: the write-ahead log is corrupt: batch 1 .* is damaged, but batch 2 after it is whole/,
        );
        refused += 1;
      }
    }
  // What is not refused lies in the zeros between two batches.
  expect(refused / tries).toBeGreaterThan(0.9);
});

test("a change in the last batch is taken for a torn tail: that batch is gone, and nothing before it", () => {
  const disk = system.emptyDisk();
  lead(start(disk), disk, () => undefined);
  const count = system.batchesOn?.(disk) ?? 0;
  const whole = structuredClone(disk) as { batches: unknown[] };
  system.recoverDamaged?.(disk, [{ batch: count - 1, at: 0.5, bits: 1 }]);
  const before = system.emptyDisk();
  for (const batch of whole.batches.slice(0, -1)) system.applyBatch(before, batch);
  expect(disk).toEqual(before);
});

test("a log that is read back without damage in it is the same log, however long", () => {
  const disk = system.emptyDisk();
  lead(start(disk), disk, () => undefined);
  for (let number = 100; number < 300; number += 1)
    system.applyBatch(disk, [{ type: "promised", ballot: { number, priority: 0, node: 1 } }]);
  const before = structuredClone(disk);
  system.recoverDamaged?.(disk, [{ batch: 3, at: 0.5, bits: 0 }]);
  expect(disk).toEqual(before);
});

test("a peer that makes itself known by another disk's identity is refused once the table is known", () => {
  const node = (at: number, disk = system.emptyDisk()) =>
    system.createNode(
      { node: at, nodes: nodeNames(2), replication: 2, clusterId: "test", identity: `disk ${at}`, incarnation: 1 },
      disk,
    );
  const disk = system.emptyDisk();
  expect(node(1, disk).refusesPeer?.(2, "another disk")).toBe(false);
  const identities = new Map([
    [1, "disk 1"],
    [2, "disk 2"],
  ]);
  system.applyBatch(disk, [
    { type: "table", table: { clusterId: "test", replication: 2, groups: [[1, 2]], identities } },
  ]);
  const knowing = node(1, disk);
  expect([knowing.refusesPeer?.(2, "disk 2"), knowing.refusesPeer?.(2, "another disk")]).toEqual([false, true]);
  expect(knowing.identity).toBe("disk 1");
});
