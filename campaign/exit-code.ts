// Exit codes, the same for every command. A violation is never hidden by another run's crash.
import type { Validity } from "../checker/index.js";

export const exitCodes = { valid: 0, violation: 1, unknown: 2, usage: 254, crash: 255 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export function exitCodeOf(valid: Validity): ExitCode {
  if (valid === "unknown") return exitCodes.unknown;
  return valid ? exitCodes.valid : exitCodes.violation;
}

/** One code for several runs: violation > crash > usage > unknown > valid. */
export function combineExitCodes(codes: readonly ExitCode[]): ExitCode {
  const worstFirst = [exitCodes.violation, exitCodes.crash, exitCodes.usage, exitCodes.unknown] as const;
  return worstFirst.find((code) => codes.includes(code)) ?? exitCodes.valid;
}

/** Wrong words on the command line or in a plan. The message names the word; exit code 254. */
export class UsageError extends Error {
  constructor(
    message: string,
    readonly hint: string | null = null,
  ) {
    super(message);
    this.name = "UsageError";
  }
}
