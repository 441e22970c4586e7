// Durable state as batches of storage operations: how a group commit is encoded, and what a list of them adds up to. Every
// operation's precondition is checked again on the way back: a log that contradicts itself is corrupt.
import { Packr } from "msgpackr/pack";

import { nodeId } from "../core/interface.js";
import type { Ballot, Command, DurableState, PartitionTable, StorageOperation } from "../core/interface.js";
import { CorruptLogError } from "./wal.js";

// Records with their definitions inside each batch, so that every batch can be read by itself.
const packer = new Packr({ useRecords: true, mapsAsObjects: false });

/** Joins appends that follow one another, which is what a busy node's group commit consists of. */
export function encodeOperations(operations: readonly StorageOperation[]): Uint8Array {
  const joined: StorageOperation[] = [];
  let open: { type: "append"; index: number; commands: Command[] } | null = null;
  for (const operation of operations) {
    if (operation.type !== "append") {
      // Of two decided lengths with only appends between them the later one alone counts, so they need not end a run.
      open = null;
      joined.push(operation);
    } else if (open !== null && operation.index === open.index + open.commands.length) {
      for (const command of operation.commands) open.commands.push(command);
    } else {
      open = { type: "append", index: operation.index, commands: [...operation.commands] };
      joined.push(open);
    }
  }
  return packer.pack(joined);
}

export function decodeOperations(payload: Uint8Array): readonly StorageOperation[] {
  const value: unknown = packer.unpack(payload);
  if (!Array.isArray(value)) throw new CorruptLogError("a batch of the write-ahead log holds no operations");
  return value as readonly StorageOperation[];
}

const noBallot: Ballot = { number: 0, priority: 0, node: nodeId(0) };

/** What the disk holds, from the payloads of all its batches in order. Throws CorruptLogError. */
export function replay(payloads: readonly Uint8Array[]): DurableState {
  let table: PartitionTable | null = null;
  let promised = noBallot;
  let accepted = noBallot;
  let decided = 0;
  const log: Command[] = [];
  for (const payload of payloads) {
    for (const operation of decodeOperations(payload)) {
      switch (operation.type) {
        case "table":
          if (table !== null) throw new CorruptLogError("the write-ahead log holds two partition tables");
          table = operation.table;
          break;
        case "promised":
          promised = operation.ballot;
          break;
        case "accepted":
          accepted = operation.ballot;
          break;
        case "truncate":
          if (operation.length < decided) throw new CorruptLogError("the write-ahead log truncates decided entries");
          if (operation.length < log.length) log.length = operation.length;
          break;
        case "append":
          if (operation.index !== log.length)
            throw new CorruptLogError(`an append at ${operation.index} to a log of ${log.length} entries`);
          for (const command of operation.commands) log.push(command);
          break;
        case "decided":
          if (operation.length > log.length) throw new CorruptLogError("the decided length is beyond the log");
          decided = Math.max(decided, operation.length);
          break;
        default:
          throw new CorruptLogError("the write-ahead log holds an unknown operation");
      }
    }
  }
  return { table, promised, accepted, log, decided };
}
