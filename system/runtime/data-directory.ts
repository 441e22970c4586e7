// What a data directory says of itself, in `node.json`: whose it is, its identity, drawn once, and how often it was started.
// The file is replaced as a whole (written, synced, renamed, directory synced) at every start.
import { randomBytes, randomUUID } from "node:crypto";
import * as fs from "node:fs";
import { join } from "node:path";

import { crc32c } from "./crc32c.js";
import { syncDirectory, WriteAheadLog } from "./wal.js";
import type { DiskCalls, OpenedLog } from "./wal.js";

export interface Owner {
  readonly cluster: string;
  readonly configuration: string;
  readonly node: string;
}

export interface OpenedDirectory {
  readonly identity: string;
  /** 1 at the first start. */
  readonly incarnation: number;
  readonly opened: OpenedLog;
}

interface NodeRecord extends Owner {
  readonly format: "minos-store";
  readonly version: 1;
  readonly identity: string;
  /** Enters every checksum of the write-ahead log. */
  readonly salt: number;
  /** 0 only until the write-ahead log was made: from 1 on a missing log is a loss, not a first boot. */
  readonly incarnation: number;
}

/** Raised when the directory belongs to another node or cannot be trusted. */
export class DataDirectoryError extends Error {
  override readonly name = "DataDirectoryError";
}

/** Opens the directory for one start of its node. Throws DataDirectoryError or CorruptLogError. */
export function openDataDirectory(directory: string, owner: Owner, disk?: DiskCalls): OpenedDirectory {
  fs.mkdirSync(directory, { recursive: true });
  const logDirectory = join(directory, "wal");
  const hasLog = fs.existsSync(logDirectory) && fs.readdirSync(logDirectory).some((name) => name.endsWith(".wal"));
  let record = readRecord(directory);
  if (record === null) {
    if (hasLog) throw new DataDirectoryError("there is a write-ahead log but no node.json");
    const salt = randomBytes(4).readUInt32LE(0);
    record = { format: "minos-store", version: 1, ...owner, identity: randomUUID(), salt, incarnation: 0 };
    writeRecord(directory, record);
  } else {
    checkOwner(record, owner);
    if (!hasLog && record.incarnation > 0) throw new DataDirectoryError("the write-ahead log is gone");
  }
  const opened = WriteAheadLog.open(logDirectory, record.salt, disk);
  const incarnation = record.incarnation + 1;
  writeRecord(directory, { ...record, incarnation });
  return { identity: record.identity, incarnation, opened };
}

function checkOwner(record: NodeRecord, owner: Owner): void {
  for (const field of ["cluster", "configuration", "node"] as const) {
    if (record[field] !== owner[field])
      throw new DataDirectoryError(`it belongs to ${field} "${record[field]}", not "${owner[field]}"`);
  }
}

function readRecord(directory: string): NodeRecord | null {
  const path = join(directory, "node.json");
  if (!fs.existsSync(path)) return null;
  const text = fs.readFileSync(path, "utf8");
  const [body, checksum] = text.split("\n");
  if (body === undefined || checksum !== checksumOf(body)) throw new DataDirectoryError("node.json is damaged");
  return JSON.parse(body) as NodeRecord;
}

function writeRecord(directory: string, record: NodeRecord): void {
  const body = JSON.stringify(record);
  const path = join(directory, "node.json");
  const file = fs.openSync(`${path}.tmp`, "w");
  fs.writeSync(file, `${body}\n${checksumOf(body)}\n`);
  fs.fsyncSync(file);
  fs.closeSync(file);
  fs.renameSync(`${path}.tmp`, path);
  syncDirectory(directory);
}

function checksumOf(body: string): string {
  return crc32c(Buffer.from(body)).toString(16).padStart(8, "0");
}
