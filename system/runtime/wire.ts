// What travels in the frames. Between nodes: a Hello, then lists of messages in MessagePack with records, whose definitions
// travel once per connection, so that encoder and decoder are made afresh for each. To clients: plain MessagePack without
// records, one request or response a frame; a response has its kind and id in front, so that a client can tell whether it
// answers the open call before it parses anything.
import { Packr, Unpackr } from "msgpackr/pack";

import type { ClientRequest, ClientResponse, GroupId, KvOperation, Value } from "../core/interface.js";
import type { Hello, HelloRefusal } from "../core/link.js";
import type { PeerMessage } from "../core/messages.js";
import { encodeFrame } from "./frame.js";

/** First frame of a connection, in either direction. */
export type Greeting =
  | { readonly type: "Hello"; readonly hello: Hello }
  | { readonly type: "Welcome"; readonly node: number; readonly incarnation: number }
  | { readonly type: "Refused"; readonly reason: HelloRefusal; readonly final: boolean };

const plain = new Packr({ useRecords: false });

export function encodeGreeting(greeting: Greeting): Buffer {
  return encodeFrame(plain.pack(greeting));
}

/** Null when the payload is no greeting. */
export function decodeGreeting(payload: Buffer): Greeting | null {
  const value = unpackPlain(payload);
  if (!isObject(value)) return null;
  if (value["type"] === "Hello") {
    const hello = value["hello"];
    if (!isObject(hello)) return null;
    const { cluster, configuration, node, identity, incarnation, connection } = hello;
    const texts = [cluster, configuration, identity].every((field) => typeof field === "string");
    return texts && [node, incarnation, connection].every(isCount) ? (value as unknown as Greeting) : null;
  }
  if (value["type"] === "Welcome") return isCount(value["node"]) ? (value as unknown as Greeting) : null;
  if (value["type"] === "Refused") return value as unknown as Greeting;
  return null;
}

/** The sending side of one connection between nodes. */
export class MessageEncoder {
  readonly #packer = new Packr({ sequential: true });

  encode(messages: readonly PeerMessage[]): Buffer {
    return encodeFrame(this.#packer.pack(messages));
  }
}

/** The receiving side of one connection between nodes. Payloads must come in the order in which they were encoded. */
export class MessageDecoder {
  // `mapsAsObjects: false` keeps the partition table's Map a Map.
  readonly #unpacker = new Unpackr({ sequential: true, mapsAsObjects: false });

  /** Throws when the payload is not a list of messages. */
  decode(payload: Buffer): readonly PeerMessage[] {
    const value: unknown = this.#unpacker.unpack(payload);
    if (!Array.isArray(value)) throw new Error("a peer sent something that is not a list of messages");
    return value as readonly PeerMessage[];
  }
}

export function encodeRequest(request: ClientRequest): Buffer {
  return encodeFrame(plain.pack(request));
}

/** What stands in front of a response. */
export interface ResponsePeek {
  readonly kind: ClientResponse["type"];
  readonly id: number;
}

const responseKinds: readonly ClientResponse["type"][] = ["welcome", "session-opened", "result", "refused"];
const responsePrefixBytes = 7;

export function encodeResponse(response: ClientResponse): Buffer {
  const body = plain.pack(response);
  const payload = Buffer.allocUnsafe(responsePrefixBytes + body.length);
  payload.writeUInt8(responseKinds.indexOf(response.type), 0);
  payload.writeUIntLE(response.id, 1, 6);
  payload.set(body, responsePrefixBytes);
  return encodeFrame(payload);
}

/** Reads only the prefix. Null when the payload is too short or of an unknown kind. */
export function peekResponse(payload: Buffer): ResponsePeek | null {
  if (payload.length <= responsePrefixBytes) return null;
  const kind = responseKinds[payload.readUInt8(0)];
  return kind === undefined ? null : { kind, id: payload.readUIntLE(1, 6) };
}

/** Null when the payload is no response. The body's details are trusted: they come from the node that the client asked. */
export function decodeResponse(payload: Buffer): ClientResponse | null {
  const peek = peekResponse(payload);
  if (peek === null) return null;
  const value = unpackPlain(payload.subarray(responsePrefixBytes));
  if (!isObject(value) || value["type"] !== peek.kind || value["id"] !== peek.id) return null;
  return value as unknown as ClientResponse;
}

/** Longest key or string value, in UTF-16 units, that a client may send. */
export const maximumTextLength = 64 * 1024;

/** Checks every field, since clients are not trusted. Null when anything is wrong. */
export function decodeRequest(payload: Buffer): ClientRequest | null {
  const value = unpackPlain(payload);
  if (!isObject(value) || !isCount(value["id"])) return null;
  const id = value["id"];
  const group = value["group"];
  switch (value["type"]) {
    case "hello":
      return { type: "hello", id };
    case "open-session":
      return isCount(group) ? { type: "open-session", id, group } : null;
    case "operation":
      return decodeOperationRequest(value, id, group);
    default:
      return null;
  }
}

function decodeOperationRequest(value: Fields, id: number, group: unknown): ClientRequest | null {
  const { session, number, acknowledgedBelow } = value;
  if (!isCount(group) || !isCount(session) || !isCount(number) || !isCount(acknowledgedBelow)) return null;
  const operation = decodeOperation(value["operation"]);
  if (operation === null) return null;
  return { type: "operation", id, group: group as GroupId, session, number, acknowledgedBelow, operation };
}

function decodeOperation(value: unknown): KvOperation | null {
  if (!isObject(value)) return null;
  const key = value["key"];
  if (typeof key !== "string" || key.length > maximumTextLength) return null;
  switch (value["function"]) {
    case "get":
      return { function: "get", key };
    case "put":
      return isValue(value["value"]) ? { function: "put", key, value: value["value"] } : null;
    case "cas": {
      const { expected, new: replacement } = value;
      return isValue(expected) && isValue(replacement) ? { function: "cas", key, expected, new: replacement } : null;
    }
    default:
      return null;
  }
}

type Fields = Readonly<Record<string, unknown>>;

function unpackPlain(payload: Buffer): unknown {
  try {
    return plain.unpack(payload);
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

export function isValue(value: unknown): value is Value {
  if (typeof value === "string") return value.length <= maximumTextLength;
  return value === null || typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value));
}
