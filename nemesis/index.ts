// What goes wrong. Faults are data; this room draws schedules of them from a seed, checks them, compiles each into calls of a
// cluster's capabilities, and confirms at the target that it took hold and that it healed.
export * from "./fault.js";
export * from "./nemesis.js";
export * from "./parse.js";
export * from "./schedule.js";
