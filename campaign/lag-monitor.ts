// Measures how late this process's own event loop is. A runner that stalls makes operations look longer than they were, and a
// run in which it stalled for long shows little: the verdict must know.
export interface LagMonitor {
  /** The longest delay seen so far, in milliseconds. */
  readonly worstMs: number;
  stop(): void;
}

const everyMs = 20;

/** Calls `report` for each delay of at least `thresholdMs`. */
export function startLagMonitor(thresholdMs: number, report: (lagMs: number) => void): LagMonitor {
  let expected = performance.now() + everyMs;
  let worst = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    const lag = now - expected;
    expected = now + everyMs;
    if (lag > worst) worst = lag;
    if (lag >= thresholdMs) report(lag);
  }, everyMs);
  return {
    get worstMs() {
      return worst;
    },
    stop: () => clearInterval(timer),
  };
}
