// Pure functions from a history to a verdict. Nothing here knows a cluster, a fault's mechanics or a file.
export * from "./verdict.js";
