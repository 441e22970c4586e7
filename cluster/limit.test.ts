// Shows that a limited task's signal aborts on either cause and that nothing is left listening afterwards,
// however many tasks share a signal.
import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { withLimit } from "./limit.js";

const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    const end = (): void => reject(signal.reason as Error);
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
  });

test("the limit aborts a task that does not end", async () => {
  await expect(withLimit(new AbortController().signal, 20, untilAborted)).rejects.toThrow("not within 20 ms");
});

test("the caller's signal aborts it with the caller's reason, before or during the task", async () => {
  const during = new AbortController();
  const task = withLimit(during.signal, 10_000, untilAborted);
  during.abort(new Error("enough"));
  await expect(task).rejects.toThrow("enough");
  await expect(withLimit(AbortSignal.abort(new Error("before")), 10_000, untilAborted)).rejects.toThrow("before");
});

test("a task that ends in time gives its value and is not aborted later", async () => {
  const controller = new AbortController();
  let seen: AbortSignal | null = null;
  const value = await withLimit(controller.signal, 10_000, async (signal) => {
    seen = signal;
    return 7;
  });
  controller.abort();
  expect([value, (seen as AbortSignal | null)?.aborted]).toEqual([7, false]);
});

test("more tasks than ten may share a signal, without a warning of a leak and without one", async () => {
  const { signal } = new AbortController();
  const warnings: string[] = [];
  const onWarning = ({ name }: Error): void => void warnings.push(name);
  process.on("warning", onWarning);
  const ends: (() => void)[] = [];
  const tasks = Array.from({ length: 30 }, () =>
    withLimit(signal, 10_000, () => new Promise<void>((resolve) => ends.push(resolve))),
  );
  expect(getEventListeners(signal, "abort")).toHaveLength(30);
  // Node emits a warning in the next tick.
  await new Promise((resolve) => setImmediate(resolve));
  process.off("warning", onWarning);
  for (const end of ends) end();
  await Promise.all(tasks);
  expect([warnings, getEventListeners(signal, "abort")]).toEqual([[], []]);
});
