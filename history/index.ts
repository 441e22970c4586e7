// What clients saw. This room holds the operation model, the events of a run, the recorder that writes them, and readers and
// writers of every history format. It knows nothing of systems, faults or checkers.
export * from "./event.js";
export * from "./operation.js";
export * from "./random.js";
