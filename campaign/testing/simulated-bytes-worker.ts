// A thread of its own for `simulate.property.test.ts`.
import { parentPort, workerData } from "node:worker_threads";
import { bytesOfSeeds } from "./simulated-bytes.js";

const { seeds, timeLimitMs } = workerData as { readonly seeds: readonly number[]; readonly timeLimitMs: number };
parentPort?.postMessage(await bytesOfSeeds(seeds, timeLimitMs));
