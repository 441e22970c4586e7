// The long fuzz of the readers of history files:
//   npm run fuzz:formats -- --count 1000000 --seed 1      damaged files of every format; a failure prints seed, number and file
//   npm run fuzz:formats -- --seed 1 --case 4711          one of them again
// Each file ends in an error that names a place inside it, or in a verdict that stands up; a watchdog on a thread of its own ends the
// fuzz when one file takes longer than 20 s. Exits with 1 at the first file that fails.
import { writeSync } from "node:fs";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { describeCase, formatCase, runFormatCase, type FormatOutcome } from "./fuzz-format-case.js";

const wholeEvery = 50;
const reportEveryMs = 10_000;

/** Watches from outside: a hang cannot report itself. */
function startWatchdog(seed: number): {
  readonly beat: (number: number) => void;
  readonly stop: () => Promise<number>;
} {
  const beats = new Int32Array(new SharedArrayBuffer(4));
  const source = `
    const { workerData: { beats, seed } } = require("node:worker_threads");
    let last = -1;
    setInterval(() => {
      const now = Atomics.load(beats, 0);
      if (now === last) {
        require("node:fs").writeSync(2, "hangs: npm run fuzz:formats -- --seed " + seed + " --case " + now + "\\n");
        process.kill(process.pid, "SIGKILL");
      }
      last = now;
    }, 20_000);`;
  const worker = new Worker(source, { eval: true, workerData: { beats, seed } });
  return { beat: (number) => Atomics.store(beats, 0, number), stop: () => worker.terminate() };
}

async function fuzz(seed: number, from: number, count: number): Promise<void> {
  const watchdog = startWatchdog(seed);
  const outcomes = new Map<FormatOutcome, number>();
  const startedMs = performance.now();
  let reportedMs = startedMs;
  let slowestMs = 0;
  const text = (done: number): string => {
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
    const counts = [...outcomes].map(([outcome, times]) => `${times} ${outcome}`).sort();
    return `${done} files in ${seconds} s: ${counts.join(", ")}; the slowest took ${slowestMs.toFixed(0)} ms`;
  };
  for (let number = from; number < from + count; number++) {
    watchdog.beat(number);
    const beganMs = performance.now();
    const one = formatCase(seed, number);
    try {
      const outcome = runFormatCase(one, number % wholeEvery === 0);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    } catch (error) {
      writeSync(
        2,
        `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n${describeCase(seed, number, one)}\n`,
      );
      process.exit(1);
    }
    const nowMs = performance.now();
    slowestMs = Math.max(slowestMs, nowMs - beganMs);
    if (nowMs - reportedMs > reportEveryMs) {
      reportedMs = nowMs;
      console.error(text(number - from + 1));
    }
  }
  await watchdog.stop();
  console.log(`${text(count)}; none crashed, hung or was judged wrongly (seed ${seed})`);
}

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "100000" },
    seed: { type: "string", default: "1" },
    from: { type: "string", default: "0" },
    case: { type: "string" },
  },
});
const seed = Number(values.seed);
if (values.case === undefined) await fuzz(seed, Number(values.from), Number(values.count));
else {
  const number = Number(values.case);
  const one = formatCase(seed, number);
  console.log(describeCase(seed, number, one));
  console.log(runFormatCase(one, true));
}
