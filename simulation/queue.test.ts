// Shows that virtual time goes forward only, in order, and that equal times keep the order of planning.
import { expect, test } from "vitest";
import { createRandom } from "../history/index.js";
import { EventQueue } from "./queue.js";

function drain(queue: EventQueue): void {
  while (queue.step());
}

test("a thousand random events happen in the order of time, then of planning", () => {
  const queue = new EventQueue();
  const random = createRandom(1, "queue");
  const planned = Array.from({ length: 1000 }, (_, name) => ({ timeNs: random.integer(0, 100), name }));
  const seen: (readonly [number, number])[] = [];
  for (const { timeNs, name } of planned) queue.at(timeNs, () => seen.push([queue.nowNs, name]));
  drain(queue);
  const expected = planned.toSorted((one, other) => one.timeNs - other.timeNs || one.name - other.name);
  expect(seen).toEqual(expected.map(({ timeNs, name }) => [timeNs, name]));
});

test("what is planned for the past happens now, and times are whole", () => {
  const queue = new EventQueue();
  const seen: number[] = [];
  queue.at(10, () => {
    queue.at(3, () => seen.push(queue.nowNs));
    queue.after(0.4, () => seen.push(queue.nowNs));
  });
  drain(queue);
  expect(seen).toEqual([10, 11]);
});

test("what was cancelled does not happen", () => {
  const queue = new EventQueue();
  const seen: string[] = [];
  const cancelled = queue.at(1, () => seen.push("cancelled"));
  queue.at(2, () => seen.push("kept"));
  queue.cancel(cancelled);
  drain(queue);
  expect(seen).toEqual(["kept"]);
});
