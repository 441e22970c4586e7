// The connection on which this node sends to one peer. It is dialled again whenever it ends, with growing pauses; each new
// connection carries a greater number in its Hello. What is sent while there is no connection is dropped: the protocol asks
// again, and a second resend layer here would only deliver old news.
import * as net from "node:net";

import type { Hello } from "../core/link.js";
import type { PeerMessage } from "../core/messages.js";
import { FrameReader } from "./frame.js";
import { decodeGreeting, encodeGreeting, MessageEncoder } from "./wire.js";

const firstPauseMs = 20;
const longestPauseMs = 500;
const connectTimeoutMs = 2_000;
/** Bytes that may wait in a connection behind its longest frame. */
const maximumQueuedBytes = 32 * 1024 * 1024;
const greetingBytes = 4096;

export interface OutboundListener {
  /** The peer welcomed our connection (true), or a welcomed connection ended (false). */
  link(up: boolean): void;
  log(event: string, detail: Readonly<Record<string, unknown>>): void;
}

export interface OutboundCounters {
  connections: number;
  frames: number;
  messages: number;
  bytes: number;
  dropped: number;
  overflows: number;
}

export class OutboundLink {
  readonly counters: OutboundCounters = { connections: 0, frames: 0, messages: 0, bytes: 0, dropped: 0, overflows: 0 };
  readonly #address: { readonly host: string; readonly port: number };
  readonly #hello: Omit<Hello, "connection">;
  readonly #listener: OutboundListener;
  #connection = 0;
  #socket: net.Socket | null = null;
  #encoder: MessageEncoder | null = null;
  #longestFrame = 0;
  #welcomed = false;
  #refused = false;
  #stopped = false;
  #pauseMs = firstPauseMs;
  #timer: NodeJS.Timeout | null = null;

  constructor(
    address: { readonly host: string; readonly port: number },
    hello: Omit<Hello, "connection">,
    listener: OutboundListener,
  ) {
    this.#address = address;
    this.#hello = hello;
    this.#listener = listener;
  }

  get up(): boolean {
    return this.#welcomed;
  }

  /** The peer refused this node for good. */
  get refused(): boolean {
    return this.#refused;
  }

  start(): void {
    this.#dial();
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#socket?.destroy();
  }

  send(messages: readonly PeerMessage[]): void {
    const socket = this.#socket;
    if (socket === null || this.#encoder === null) {
      this.counters.dropped += messages.length;
      return;
    }
    const frame = this.#encoder.encode(messages);
    this.#longestFrame = Math.max(this.#longestFrame, frame.length);
    if (socket.writableLength > maximumQueuedBytes + this.#longestFrame) {
      // The peer reads too slowly to catch up frame by frame: end the connection and let the protocol resynchronise.
      this.counters.overflows++;
      this.counters.dropped += messages.length;
      this.#listener.log("send-queue-overflow", { queued_bytes: socket.writableLength });
      this.#lost(socket);
      return;
    }
    this.counters.frames++;
    this.counters.messages += messages.length;
    this.counters.bytes += frame.length;
    socket.write(frame);
  }

  #dial(): void {
    this.#timer = null;
    if (this.#stopped || this.#refused) return;
    const socket = net.connect({ host: this.#address.host, port: this.#address.port, noDelay: true });
    this.#socket = socket;
    const reader = new FrameReader(greetingBytes);
    socket.setTimeout(connectTimeoutMs, () => this.#lost(socket));
    socket.once("connect", () => this.#connected(socket));
    socket.on("data", (chunk: Buffer) => this.#receive(socket, reader, chunk));
    socket.once("error", () => this.#lost(socket));
    socket.once("close", () => this.#lost(socket));
  }

  #connected(socket: net.Socket): void {
    if (this.#socket !== socket) return;
    socket.setTimeout(0);
    socket.setKeepAlive(true, 1_000);
    this.#connection++;
    this.counters.connections++;
    this.#longestFrame = 0;
    this.#encoder = new MessageEncoder();
    socket.write(encodeGreeting({ type: "Hello", hello: { ...this.#hello, connection: this.#connection } }));
  }

  #receive(socket: net.Socket, reader: FrameReader, chunk: Buffer): void {
    if (this.#socket !== socket) return;
    try {
      for (const payload of reader.push(chunk)) {
        const greeting = decodeGreeting(payload);
        if (greeting?.type === "Welcome" && !this.#welcomed) {
          this.#welcomed = true;
          this.#pauseMs = firstPauseMs;
          this.#listener.link(true);
        } else if (greeting?.type === "Refused") {
          this.#refused = greeting.final;
          this.#listener.log(greeting.final ? "refused-for-good" : "refused", { reason: greeting.reason });
          this.#lost(socket);
          return;
        }
      }
    } catch {
      this.#lost(socket);
    }
  }

  #lost(socket: net.Socket): void {
    if (this.#socket !== socket) return;
    this.#socket = null;
    this.#encoder = null;
    socket.destroy();
    if (this.#welcomed) {
      this.#welcomed = false;
      this.#listener.link(false);
    }
    if (this.#stopped || this.#refused) return;
    this.#timer = setTimeout(() => this.#dial(), this.#pauseMs);
    this.#pauseMs = Math.min(longestPauseMs, this.#pauseMs * 2);
  }
}
