import { setMaxListeners } from "node:events";

/**
 * Runs `task` with a signal that aborts when `signal` does or after `ms`. `AbortSignal.any` over `AbortSignal.timeout` would say the
 * same in one line, but in Node.js 20 such a signal can be collected as garbage before it fires, and the wait never ends.
 * Any number of tasks may share `signal`: each stops listening when it ends, so Node's warning of a leak beyond ten would be false.
 */
export async function withLimit<T>(
  signal: AbortSignal,
  ms: number,
  task: (limited: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const pass = (): void => controller.abort(signal.reason);
  const timer = setTimeout(() => controller.abort(new DOMException(`not within ${ms} ms`, "TimeoutError")), ms);
  setMaxListeners(0, signal);
  signal.addEventListener("abort", pass, { once: true });
  if (signal.aborted) pass();
  try {
    return await task(controller.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", pass);
  }
}
