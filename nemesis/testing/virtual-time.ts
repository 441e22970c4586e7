// Time for tests: it stands still until everybody waits, then jumps to the next moment that somebody waits for.

export interface VirtualTime {
  nowMs(): number;
  delay(ms: number, signal: AbortSignal): Promise<void>;
  /** Runs time until the promise settles. Throws when nobody waits for anything and it has not, or after `limitMs`. */
  drive<T>(promise: Promise<T>, limitMs?: number): Promise<T>;
  at(ms: number, action: () => void): void;
}

interface Timer {
  readonly atMs: number;
  readonly fire: () => void;
}

export function createVirtualTime(): VirtualTime {
  let now = 0;
  const timers = new Set<Timer>();
  const at = (atMs: number, fire: () => void): Timer => {
    const timer = { atMs, fire };
    timers.add(timer);
    return timer;
  };
  return {
    nowMs: () => now,
    at: (ms, action) => void at(ms, action),
    delay: (ms, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve();
        const finish = (): void => {
          timers.delete(timer);
          signal.removeEventListener("abort", finish);
          resolve();
        };
        const timer = at(now + Math.max(0, ms), finish);
        signal.addEventListener("abort", finish, { once: true });
      }),
    async drive(promise, limitMs = 600_000) {
      let settled = false;
      const done = (): void => {
        settled = true;
      };
      void promise.finally(done).catch(() => undefined);
      for (;;) {
        // A turn of the event loop runs every microtask that is due.
        await new Promise((resolve) => setImmediate(resolve));
        if (settled) return promise;
        const next = [...timers].sort((one, other) => one.atMs - other.atMs)[0];
        if (next === undefined) throw new Error(`nobody waits for anything at ${now} ms, and it is not over`);
        if (next.atMs > limitMs) throw new Error(`not over after ${limitMs} ms`);
        timers.delete(next);
        now = Math.max(now, next.atMs);
        next.fire();
      }
    },
  };
}
