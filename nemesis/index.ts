// What goes wrong. Faults are data; this room draws schedules of them from a seed, checks them, compiles each into calls of a
// cluster's capabilities, and confirms at the target that it took hold and that it healed.
export * from "./check-schedule.js";
export type { ClientControl, ClientCounts, ClientTrouble } from "./client-control.js";
export { planFault, type FaultAction, type PlannedFault } from "./compile.js";
export { compositions, type CompositionEntry } from "./compositions.js";
export { faultsDocument } from "./document.js";
export * from "./fault.js";
export { groupsDisturbed } from "./groups.js";
export * from "./kinds.js";
export * from "./contract.js";
export * from "./nemesis.js";
export * from "./parse.js";
export { floorsBeyond, presetFloors, type PresetFloor } from "./preset-floors.js";
export { presetNames, presets, type PresetName } from "./presets.js";
export * from "./schedule.js";
export { shapeEntries, type ShapeEntry } from "./shapes.js";
export { createTimetable, type Timetable, type TimetableStep, type TimetableUpdate } from "./timetable.js";
export { agreedLeader, type ClusterView } from "./view.js";
