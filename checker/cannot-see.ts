// What such a run cannot have seen, whatever its verdict: said each time, so that "valid" is not taken for more than it is.
import type { FaultSpan } from "./faults.js";

export function blindSpots(mode: "run" | "history", faults: readonly FaultSpan[]): readonly string[] {
  if (mode === "history")
    return [
      "A recorded history is judged for what its clients saw; what faults there were, and whether the system was disturbed at all, is not known here.",
      "Nothing is said about keys, nodes and times that the history does not hold.",
    ];
  const kinds = new Set(faults.filter(({ confirmedOn }) => confirmedOn !== null).map(({ kind }) => kind));
  const spots = [
    kinds.has("kill") || kinds.has("terminate") || kinds.has("restart")
      ? "A killed process leaves the page cache behind, so a missing or misplaced fsync cannot show: only a lost disk or a simulated one shows it."
      : "No node was killed, so nothing is said about recovery from disk, nor about missing fsyncs.",
  ];
  if (!kinds.has("partition")) spots.push("No link was cut, so nothing is said about partitions and resets.");
  if (!kinds.has("pause")) spots.push("No process was paused, so nothing is said about leaders that wake up late.");
  if (!kinds.has("clock")) spots.push("No clock was moved, so leases and timeouts that trust clocks were not tested.");
  spots.push(
    "Disks returned what was written to them: corruption, misdirected writes and full disks were not tested.",
    "Faults fell where the seed put them: a bug that needs one exact moment may need many seeds, or a simulation.",
  );
  return spots;
}
