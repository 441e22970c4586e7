// The pure core of the store: everything that decides, nothing that does. Events go in (a message, a client's request, a tick, a
// write that became durable, a link that came up or went down), effects come out (send now, persist, send after persisting, reply).
// It knows no socket, timer, clock, file, random number or promise, so `runtime/` drives it on TCP and disk and a simulation drives
// the very same code in virtual time.
export { bottomBallot, compareBallots, equalBallots, formatBallot } from "./ballot.js";
export { KEY_LENGTH_MAX, VALUE_LENGTH_MAX } from "./client-request.js";
export * from "./interface.js";
export type * from "./messages.js";
export { createCore } from "./node.js";
export { assignGroups, equalTables, groupOfKey, groupOfNode, refusePartition, refuseTable } from "./partition-table.js";
