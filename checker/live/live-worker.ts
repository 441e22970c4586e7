// The worker thread's side of `watchInWorker`: feeds the live checker and reports when its verdict changes.
import { parentPort, workerData } from "node:worker_threads";
import { createIncrementalChecker, type IncrementalChecker } from "../incremental.js";
import type { FromLiveWorker, LiveWorkerData, ToLiveWorker } from "./live-messages.js";

const port = parentPort;
if (port === null) throw new Error("this file runs in a worker thread only");
const { model, initial, budget } = workerData as LiveWorkerData;
const checker: IncrementalChecker = createIncrementalChecker(model, {
  initial,
  ...(budget === undefined ? {} : { budget }),
});
let told: true | false | "unknown" = true;
let taken = 0;

function report(timeNs: number): void {
  const { verdict } = checker;
  if (verdict.valid === told) return;
  told = verdict.valid;
  port?.postMessage({ kind: "verdict", verdict, decidedByNs: timeNs } satisfies FromLiveWorker);
}

port.on("message", (message: ToLiveWorker) => {
  if (message.kind === "end") {
    port.postMessage({
      kind: "ended",
      verdict: checker.end(),
      progress: checker.progress,
    } satisfies FromLiveWorker);
    port.close();
    return;
  }
  for (const event of message.events) {
    checker.feed(event);
    taken += 1;
    if ("time" in event) report(event.time);
  }
  port.postMessage({ kind: "taken", events: taken } satisfies FromLiveWorker);
});
