// Durable state as batches of storage operations: how a group commit is encoded, and what a list of them adds up to. Every
// operation's precondition is checked again on the way back: a log that contradicts itself is corrupt.
import { Packr } from "msgpackr/pack";

import { nodeId } from "../core/interface.js";
import type { Ballot, Command, DurableState, PartitionTable, StorageOperation } from "../core/interface.js";
import { asBuffer } from "./bytes.js";
import { decodeCommands, encodeCommands } from "./command-codec.js";
import { CorruptLogError } from "./wal.js";

// Records with their definitions inside each batch, so that every batch can be read by itself.
const packer = new Packr({ useRecords: true, mapsAsObjects: false });

/** Lists of commands are bytes already: those that went to, or came from, the other nodes. */
export function encodeOperations(operations: readonly StorageOperation[]): Uint8Array {
  return packer.pack(
    operations.map((operation) =>
      operation.type === "append" ? { ...operation, commands: encodeCommands(operation.commands) } : operation,
    ),
  );
}

export function decodeOperations(payload: Uint8Array): readonly StorageOperation[] {
  const value: unknown = packer.unpack(payload);
  if (!Array.isArray(value)) throw new CorruptLogError("a batch of the write-ahead log holds no operations");
  return value.map((operation: { readonly type: string; readonly commands?: Uint8Array }) =>
    operation.commands === undefined
      ? (operation as StorageOperation)
      : ({ ...operation, commands: decodeCommands(asBuffer(operation.commands)) } as StorageOperation),
  );
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
