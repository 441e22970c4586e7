// --on-violation: what a run does at the moment when a violation is seen. Shared by `minos run` and `minos campaign`.
import type { Command } from "commander";
import { parseDuration, UsageError, type Plan } from "../campaign/index.js";

export interface FreezeWords {
  readonly onViolation?: string;
  readonly freezeFor?: string;
}

/** Long enough to look, short enough that a machine is not held for a night. */
const defaultFreezeMs = 300_000;

export function addFreezeOptions(command: Command): Command {
  return command
    .option(
      "--on-violation <action>",
      "end (default): the run ends soon; freeze: pause every node at once, copy data and statuses, say how to get at each node",
    )
    .option(
      "--freeze-for <duration>",
      "how long nodes stay frozen (default: 5m on a terminal, elsewhere 0s: only long enough to copy)",
    );
}

/** How long to freeze after a violation; null: not at all. Throws UsageError, also where the plan's cluster cannot. */
export function freezeForMs({ onViolation = "end", freezeFor }: FreezeWords, { on }: Pick<Plan, "on">): number | null {
  if (onViolation !== "end" && onViolation !== "freeze")
    throw new UsageError(`--on-violation: "${onViolation}" is neither end nor freeze`);
  if (onViolation === "end") {
    if (freezeFor !== undefined) throw new UsageError("--freeze-for goes with --on-violation freeze");
    return null;
  }
  if (on === "simulation")
    throw new UsageError(
      "--on-violation freeze: a simulated run has no processes to freeze, and its violation comes again at will",
      "run the same seed again, look inside with minos trace, or minos hunt and minos replay",
    );
  if (freezeFor !== undefined) return parseDuration(freezeFor, "--freeze-for");
  const watched = process.stderr.isTTY && process.env["CI"] === undefined;
  return watched ? defaultFreezeMs : 0;
}
