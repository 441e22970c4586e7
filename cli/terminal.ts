// The terminal as the commands see it: results on standard output, everything else on standard error, colours only where a
// person looks and NO_COLOR does not forbid them.
import { createColors } from "picocolors";

type Colors = ReturnType<typeof createColors>;

export interface Terminal {
  readonly json: boolean;
  readonly colors: Colors;
  /** True when standard error is a terminal that can redraw a line. */
  readonly live: boolean;
  /** A result for people; silent with --json. */
  out(text: string): void;
  /** The one JSON document of --json; silent without. */
  document(value: unknown): void;
  /** With --json: a value on one line, where many follow one another; silent without. */
  line(value: unknown): void;
  /** Progress, warnings, errors. */
  err(text: string): void;
  /** Redraws the last line on a live terminal, and nothing elsewhere. An empty text clears it. */
  status(text: string): void;
}

function wantsColor(stream: NodeJS.WriteStream, environment: NodeJS.ProcessEnv): boolean {
  if (environment.NO_COLOR !== undefined && environment.NO_COLOR !== "") return false;
  if (environment.FORCE_COLOR !== undefined && environment.FORCE_COLOR !== "0") return true;
  return stream.isTTY && environment.TERM !== "dumb";
}

export function createTerminal(json: boolean, environment: NodeJS.ProcessEnv = process.env): Terminal {
  const live = process.stderr.isTTY && environment.TERM !== "dumb" && environment.CI === undefined;
  let drawn = false;
  const clear = (): void => {
    if (drawn) process.stderr.write("\r\u001B[2K");
    drawn = false;
  };
  return {
    json,
    live,
    colors: createColors(wantsColor(json ? process.stderr : process.stdout, environment)),
    out(text) {
      if (json) return;
      clear();
      process.stdout.write(`${text}\n`);
    },
    document(value) {
      if (json) process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
    },
    line(value) {
      if (json) process.stdout.write(`${JSON.stringify(value)}\n`);
    },
    err(text) {
      clear();
      process.stderr.write(`${text}\n`);
    },
    status(text) {
      if (!live) return;
      clear();
      if (text === "") return;
      process.stderr.write(text.slice(0, Math.max(20, (process.stderr.columns ?? 120) - 1)));
      drawn = true;
    },
  };
}
