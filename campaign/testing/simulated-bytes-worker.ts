// A thread of its own for `simulate.property.test.ts`.
import { parentPort, workerData } from "node:worker_threads";
import { bytesOfSeeds } from "./simulated-bytes.js";

const port = parentPort;
if (port === null) throw new Error("this file runs in a worker thread only");
const { seeds, timeLimitMs } = workerData as { readonly seeds: readonly number[]; readonly timeLimitMs: number };
const seen = await bytesOfSeeds(seeds, timeLimitMs);
port.postMessage(seen);
