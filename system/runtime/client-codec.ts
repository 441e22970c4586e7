// What travels between clients and nodes: one request or response a frame, as bytes written by hand. A response has its kind and
// id in front, so that a client can tell whether it answers the open call before it parses anything.
import type { ClientRequest, ClientResponse, KvOperation, KvResult, RefusalReason, Value } from "../core/interface.js";
import { nodeId } from "../core/interface.js";
import { ByteReader, BytesError, ByteWriter } from "./bytes.js";
import { readOperation, readValue, writeOperation, writeValue } from "./command-codec.js";
import { beginFrame, endFrame } from "./frame.js";

/** Longest key or string value, in UTF-16 units, that a client may send. */
export const maximumTextLength = 64 * 1024;

const requestKinds = ["hello", "open-session", "operation"] as const;
const responseKinds = ["welcome", "session-opened", "result", "refused"] as const;
const functions = ["get", "put", "cas"] as const;
const casStatuses = ["ok", "mismatch", "not-found"] as const;
const refusalReasons: readonly RefusalReason[] = [
  "not-ready",
  "no-leader",
  "overloaded",
  "wrong-group",
  "hop-limit",
  "lost-leadership",
  "unknown-session",
  "session-expired",
  "below-acknowledged",
  "malformed",
];

export function encodeRequest(request: ClientRequest): Buffer {
  const writer = new ByteWriter(256);
  writeRequest(writer, request);
  return writer.view();
}

/** Appends a request as a frame. */
export function writeRequest(writer: ByteWriter, request: ClientRequest): void {
  const frame = beginFrame(writer);
  writer.byte(requestKinds.indexOf(request.type));
  writer.integer(request.id);
  if (request.type !== "hello") writer.integer(request.group);
  if (request.type === "operation") {
    writer.integer(request.session);
    writer.integer(request.number);
    writer.integer(request.acknowledgedBelow);
    writeOperation(writer, request.operation);
  }
  endFrame(writer, frame);
}

/** Of `bytes[start, end)`. Checks everything, since clients are not trusted. Null when anything is wrong. */
export function decodeRequest(bytes: Buffer, start = 0, end = bytes.length): ClientRequest | null {
  return guarded(readRequest, bytes, start, end);
}

function readRequest(reader: ByteReader): ClientRequest | null {
  const type = requestKinds[reader.byte()];
  const id = reader.integer();
  switch (type) {
    case "hello":
      return { type, id };
    case "open-session":
      return { type, id, group: reader.integer() };
    case "operation": {
      const group = reader.integer();
      const session = reader.integer();
      const number = reader.integer();
      const acknowledgedBelow = reader.integer();
      const operation = readOperation(reader);
      return isAllowed(operation) ? { type, id, group, session, number, acknowledgedBelow, operation } : null;
    }
    default:
      return null;
  }
}

function isAllowed(operation: KvOperation): boolean {
  if (operation.key.length > maximumTextLength) return false;
  if (operation.function === "put") return isValue(operation.value);
  return operation.function === "get" || (isValue(operation.expected) && isValue(operation.new));
}

export function isValue(value: unknown): value is Value {
  if (typeof value === "string") return value.length <= maximumTextLength;
  return value === null || typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value));
}

/** What stands in front of a response. */
export interface ResponsePeek {
  readonly kind: ClientResponse["type"];
  readonly id: number;
}

/** Appends a response as a frame. */
export function writeResponse(writer: ByteWriter, response: ClientResponse): void {
  const frame = beginFrame(writer);
  writer.byte(responseKinds.indexOf(response.type));
  writer.integer(response.id);
  switch (response.type) {
    case "welcome":
      writer.integer(response.node);
      writer.integer(response.groups);
      break;
    case "session-opened":
      writer.integer(response.group);
      writer.integer(response.session);
      break;
    case "result":
      writeResult(writer, response.result);
      break;
    case "refused":
      writer.byte(response.definite ? 1 : 0);
      writer.byte(refusalReasons.indexOf(response.reason));
      break;
  }
  endFrame(writer, frame);
}

export function encodeResponse(response: ClientResponse): Buffer {
  const writer = new ByteWriter(256);
  writeResponse(writer, response);
  return writer.view();
}

/** Reads only what stands in front. Null when the payload is none of ours. */
export function peekResponse(payload: Buffer): ResponsePeek | null {
  try {
    const reader = new ByteReader(payload);
    const kind = responseKinds[reader.byte()];
    return kind === undefined ? null : { kind, id: reader.integer() };
  } catch (error) {
    if (error instanceof BytesError) return null;
    throw error;
  }
}

/** Of `bytes[start, end)`. Null when that is no response. */
export function decodeResponse(bytes: Buffer, start = 0, end = bytes.length): ClientResponse | null {
  return guarded(readResponse, bytes, start, end);
}

function readResponse(reader: ByteReader): ClientResponse | null {
  const type = responseKinds[reader.byte()];
  const id = reader.integer();
  switch (type) {
    case "welcome":
      return { type, id, node: nodeId(reader.integer()), groups: reader.integer() };
    case "session-opened":
      return { type, id, group: reader.integer(), session: reader.integer() };
    case "result": {
      const result = readResult(reader);
      return result === null ? null : { type, id, result };
    }
    case "refused": {
      const definite = reader.byte() === 1;
      const reason = refusalReasons[reader.byte()];
      return reason === undefined ? null : { type, id, definite, reason };
    }
    default:
      return null;
  }
}

function writeResult(writer: ByteWriter, result: KvResult): void {
  writer.byte(functions.indexOf(result.function));
  writer.integer(result.index);
  switch (result.function) {
    case "get":
      writer.byte(result.found ? 1 : 0);
      writeValue(writer, result.value);
      return;
    case "put":
      writeValue(writer, result.previous);
      return;
    case "cas":
      writer.byte(casStatuses.indexOf(result.status));
      writeValue(writer, result.observed);
      return;
  }
}

function readResult(reader: ByteReader): KvResult | null {
  const name = functions[reader.byte()];
  const index = reader.integer();
  switch (name) {
    case "get":
      return { function: name, found: reader.byte() === 1, value: readValue(reader), index };
    case "put":
      return { function: name, previous: readValue(reader), index };
    case "cas": {
      const status = casStatuses[reader.byte()];
      return status === undefined ? null : { function: name, status, observed: readValue(reader), index };
    }
    default:
      return null;
  }
}

/** What `read` gives, or null when the payload is too short, malformed or too long. */
function guarded<T>(read: (reader: ByteReader) => T | null, bytes: Buffer, start: number, end: number): T | null {
  try {
    const reader = new ByteReader(bytes, start, end);
    const value = read(reader);
    return reader.atEnd ? value : null;
  } catch (error) {
    if (error instanceof BytesError) return null;
    throw error;
  }
}
