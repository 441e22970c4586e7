// Commands as bytes. A list of commands travels to each follower and into the log, on every node, so it is encoded once and its
// bytes are kept beside the list: the leader sends the same bytes to all, and a follower writes to disk what it received.
import type { Command, KvOperation, Value, Waiter } from "../core/interface.js";
import { nodeId } from "../core/interface.js";
import { ByteReader, BytesError, ByteWriter } from "./bytes.js";

const kinds = { noop: 0, openSession: 1, get: 2, put: 3, cas: 4 } as const;
const tags = { null: 0, false: 1, true: 2, number: 3, text: 4 } as const;

/** Bytes of lists that were encoded or decoded, with the list's length then: a list that has grown since is encoded anew. */
const known = new WeakMap<readonly Command[], { readonly length: number; readonly bytes: Buffer }>();

export function encodeCommands(commands: readonly Command[]): Buffer {
  const kept = known.get(commands);
  if (kept !== undefined && kept.length === commands.length) return kept.bytes;
  const writer = new ByteWriter(64 + commands.length * 160);
  writer.integer(commands.length);
  for (const command of commands) writeCommand(writer, command);
  const bytes = writer.view();
  known.set(commands, { length: commands.length, bytes });
  return bytes;
}

/** Throws BytesError when the bytes are no list of commands. */
export function decodeCommands(bytes: Buffer): readonly Command[] {
  const reader = new ByteReader(bytes);
  const count = reader.integer();
  if (count > bytes.length) throw new BytesError("there are more commands than bytes");
  const commands: Command[] = [];
  for (let index = 0; index < count; index++) commands.push(readCommand(reader));
  if (!reader.atEnd) throw new BytesError("there are bytes behind the last command");
  known.set(commands, { length: count, bytes });
  return commands;
}

function writeCommand(writer: ByteWriter, command: Command): void {
  switch (command.type) {
    case "noop":
      writer.byte(kinds.noop);
      return;
    case "open-session":
      writer.byte(kinds.openSession);
      writeWaiter(writer, command.waiter);
      return;
    case "operation":
      writeOperation(writer, command.operation);
      writeWaiter(writer, command.waiter);
      writer.integer(command.session);
      writer.integer(command.number);
      writer.integer(command.acknowledgedBelow);
      return;
  }
}

function readCommand(reader: ByteReader): Command {
  const kind = reader.byte();
  if (kind === kinds.noop) return { type: "noop" };
  if (kind === kinds.openSession) return { type: "open-session", waiter: readWaiter(reader) };
  const operation = readOperationOf(reader, kind);
  const waiter = readWaiter(reader);
  const session = reader.integer();
  const number = reader.integer();
  const acknowledgedBelow = reader.integer();
  return { type: "operation", session, number, acknowledgedBelow, operation, waiter };
}

function writeWaiter(writer: ByteWriter, waiter: Waiter): void {
  writer.integer(waiter.origin);
  writer.integer(waiter.incarnation);
  writer.integer(waiter.connection);
  writer.integer(waiter.id);
}

function readWaiter(reader: ByteReader): Waiter {
  const origin = nodeId(reader.integer());
  return { origin, incarnation: reader.integer(), connection: reader.integer(), id: reader.integer() };
}

export function writeOperation(writer: ByteWriter, operation: KvOperation): void {
  writer.byte(kinds[operation.function]);
  writer.text(operation.key);
  if (operation.function === "put") writeValue(writer, operation.value);
  if (operation.function === "cas") {
    writeValue(writer, operation.expected);
    writeValue(writer, operation.new);
  }
}

export function readOperation(reader: ByteReader): KvOperation {
  return readOperationOf(reader, reader.byte());
}

function readOperationOf(reader: ByteReader, kind: number): KvOperation {
  switch (kind) {
    case kinds.get:
      return { function: "get", key: reader.key() };
    case kinds.put:
      return { function: "put", key: reader.key(), value: readValue(reader) };
    case kinds.cas:
      return { function: "cas", key: reader.key(), expected: readValue(reader), new: readValue(reader) };
    default:
      throw new BytesError(`there is no operation of kind ${kind}`);
  }
}

export function writeValue(writer: ByteWriter, value: Value): void {
  if (typeof value === "string") {
    writer.byte(tags.text);
    writer.text(value);
  } else if (typeof value === "number") {
    writer.byte(tags.number);
    writer.double(value);
  } else {
    writer.byte(value === null ? tags.null : value ? tags.true : tags.false);
  }
}

export function readValue(reader: ByteReader): Value {
  const tag = reader.byte();
  switch (tag) {
    case tags.null:
      return null;
    case tags.false:
      return false;
    case tags.true:
      return true;
    case tags.number:
      return reader.double();
    case tags.text:
      return reader.text();
    default:
      throw new BytesError(`there is no value of tag ${tag}`);
  }
}
