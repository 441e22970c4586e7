// What travels in the frames between nodes: a greeting in each direction, then lists of messages in MessagePack with records,
// whose definitions travel once per connection, so that encoder and decoder are made afresh for each. Lists of commands inside
// messages travel as the bytes of `command-codec.ts`.
import { Packr, Unpackr } from "msgpackr/pack";

import type { Command } from "../core/interface.js";
import type { Hello, HelloRefusal } from "../core/link.js";
import type { PeerMessage } from "../core/messages.js";
import { asBuffer } from "./bytes.js";
import { decodeCommands, encodeCommands } from "./command-codec.js";
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

/** A message with its list of commands, if it has one, as bytes. */
type PackedMessage =
  | Exclude<PeerMessage, { readonly commands: readonly Command[] } | { readonly suffix: readonly Command[] }>
  | { readonly commands: Uint8Array }
  | { readonly suffix: Uint8Array };

function packMessage(message: PeerMessage): PackedMessage {
  switch (message.type) {
    case "Accept":
      return { ...message, commands: encodeCommands(message.commands) };
    case "AcceptSync":
    case "Promise":
      return { ...message, suffix: encodeCommands(message.suffix) };
    default:
      return message;
  }
}

function unpackMessage(value: unknown): PeerMessage {
  if (!isObject(value) || typeof value["type"] !== "string")
    throw new Error("a peer sent something that is no message");
  const { commands, suffix } = value;
  if (commands instanceof Uint8Array)
    return { ...value, commands: decodeCommands(asBuffer(commands)) } as unknown as PeerMessage;
  if (suffix instanceof Uint8Array)
    return { ...value, suffix: decodeCommands(asBuffer(suffix)) } as unknown as PeerMessage;
  return value as unknown as PeerMessage;
}

/** The sending side of one connection between nodes. */
export class MessageEncoder {
  readonly #packer = new Packr({ sequential: true });

  encode(messages: readonly PeerMessage[]): Buffer {
    return encodeFrame(this.#packer.pack(messages.map(packMessage)));
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
    return value.map(unpackMessage);
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
