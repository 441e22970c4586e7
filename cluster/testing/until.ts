// Waiting for a condition in tests, in place of sleeping and hoping.

export interface UntilOptions {
  /** Default 10000. */
  readonly withinMs?: number;
  /** Default 25. */
  readonly everyMs?: number;
}

/** Polls until `probe` gives something other than null, undefined or false, and returns it; fails with `what` and the last trouble. */
export async function until<T>(
  what: string,
  probe: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  { withinMs = 10_000, everyMs = 25 }: UntilOptions = {},
): Promise<T> {
  const deadline = performance.now() + withinMs;
  let trouble = "";
  for (;;) {
    try {
      const value = await probe();
      if (value !== null && value !== undefined && value !== false) return value;
      trouble = "";
    } catch (error) {
      trouble = `: ${error instanceof Error ? error.message : String(error)}`;
    }
    if (performance.now() > deadline) throw new Error(`waited ${withinMs} ms in vain: ${what}${trouble}`);
    await elapse(everyMs);
  }
}

/** For what must *not* happen for a while; everything else is awaited by `until`. */
export function elapse(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
