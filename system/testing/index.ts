// The store's own test bed: several cores in one process on simulated disks and a simulated network, under faults drawn from a seed,
// judged after every turn. It is for the tests of `system/`; campaigns use the rooms `simulation/`, `local/` and `docker/`.
export { runChaos, RECOVERY_HEARTBEATS_MAX, type ChaosOutcome } from "./chaos.js";
export { Violation } from "./oracle.js";
export { World, type WorldOptions } from "./world.js";
