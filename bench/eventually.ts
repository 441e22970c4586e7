// Waiting for a condition of another process.

/** Asks until the answer is not null; rejects after the limit. */
export async function eventually<T>(what: string, ask: () => Promise<T | null>, limitMs = 20_000): Promise<T> {
  const end = Date.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    if (Date.now() > end) throw new Error(`not within ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
