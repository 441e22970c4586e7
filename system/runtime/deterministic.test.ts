// Shows that the store without input or output does what its contract says: one write at a time, nothing told before it is durable,
// and a log that comes back from the disk, torn or whole.
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
