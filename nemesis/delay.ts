// Waiting by the machine's timers, for a nemesis that is given no other clock.
import { setMaxListeners } from "node:events";

/** Resolves after so many milliseconds, or early when `signal` aborts. */
export function delayWithTimer(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", finish);
      resolve();
    };
    const timer = setTimeout(finish, Math.max(0, ms));
    // As many faults as a schedule has may wait at once, each on its own behalf.
    setMaxListeners(0, signal);
    signal.addEventListener("abort", finish, { once: true });
  });
}
