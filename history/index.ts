// What clients saw. This room holds the operation model, the events of a run, the recorder that writes them, and readers and
// writers of every history format. It knows nothing of systems, faults or checkers.
export { decodeHistory } from "./decode.js";
export * from "./document.js";
export { formatEdn } from "./edn/write-edn.js";
export * from "./event.js";
export { formatEvent, parseJsonLines, type JsonLines } from "./jsonl.js";
export * from "./malformed.js";
export * from "./operation.js";
export { operationsOf } from "./operations.js";
export * from "./random.js";
export { detectFormat, readHistory } from "./read-history.js";
export * from "./recorder.js";
export * from "./sink.js";
