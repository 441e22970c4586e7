// Drives the client core with a TCP connection and a timer: the store's `Client` of the suite. One connection at most, to one
// address, opened when the first operation needs it.
import * as net from "node:net";

import type {
  Address,
  Client,
  ClientHooks,
  ClientInvocation,
  ClientReply,
  RequestRepeat,
} from "../../cluster/index.js";
import { FrameReader } from "../runtime/frame.js";
import { decodeResponse, encodeRequest, peekResponse } from "../runtime/client-codec.js";
import { ClientCore, defaultClientTiming } from "./client-core.js";
import type { ClientEffect, ClientEvent, ClientTiming } from "./client-core.js";
import { RequestRepeater } from "./request-repeater.js";

const maximumResponseBytes = 1024 * 1024;
const noHooks: ClientHooks = { called: () => undefined, returned: () => undefined };

export class TcpClient implements Client {
  readonly #address: Address;
  readonly #core: ClientCore;
  #socket: net.Socket | null = null;
  #timer: NodeJS.Timeout | null = null;
  #settle: ((reply: ClientReply) => void) | null = null;
  #hooks: ClientHooks = noHooks;
  #returnStamped = false;
  readonly #repeater = new RequestRepeater();
  #repeat: RequestRepeat | null = null;
  #whenClosed: (() => void) | null = null;

  constructor(address: Address, timing: ClientTiming = defaultClientTiming) {
    this.#address = address;
    this.#core = new ClientCore(timing);
  }

  async invoke(invocation: ClientInvocation, hooks: ClientHooks): Promise<ClientReply> {
    if (this.#core.busy) throw new Error("an operation is open: a client does one at a time");
    if (this.#core.dead) throw new Error("the client is closed");
    return await new Promise<ClientReply>((resolve) => {
      this.#settle = resolve;
      this.#hooks = hooks;
      this.#returnStamped = false;
      this.#repeat = invocation.repeat ?? null;
      this.#feed({ type: "invoke", invocation, timeoutMs: invocation.timeoutMs });
    });
  }

  close(): void {
    this.#feed({ type: "close" });
    this.#whenClosed?.();
    this.#whenClosed = null;
  }

  /** Called once, when the owner closes the client. */
  onClose(listener: () => void): void {
    this.#whenClosed = listener;
  }

  #feed(event: ClientEvent): void {
    for (const effect of this.#core.handle(event, performance.now())) this.#carryOut(effect);
  }

  #carryOut(effect: ClientEffect): void {
    switch (effect.type) {
      case "connect":
        this.#connect();
        return;
      case "disconnect":
        this.#drop();
        return;
      case "send": {
        const frame = encodeRequest(effect.request);
        if (effect.call) this.#hooks.called();
        this.#socket?.write(frame);
        if (effect.request.type === "operation") this.#copy(effect.request.id, frame);
        return;
      }
      case "wake":
        if (this.#timer !== null) clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.#feed({ type: "timer" }), Math.max(1, effect.atMs - performance.now()));
        return;
      case "complete":
        this.#complete(effect.reply);
        return;
    }
  }

  /** As a fault asks for, on the same connection. */
  #copy(id: number, frame: Uint8Array): void {
    const socket = this.#socket;
    const { repeated } = this.#hooks;
    if (this.#repeat === null || socket === null) return;
    this.#repeater.start(
      id,
      this.#repeat,
      () => void socket.write(frame),
      (what) => repeated?.(what),
    );
  }

  #connect(): void {
    const socket = net.connect({ host: this.#address.host, port: this.#address.port, noDelay: true });
    const reader = new FrameReader(maximumResponseBytes);
    this.#socket = socket;
    const lost = (error: string): void => {
      if (this.#socket !== socket) return;
      this.#drop();
      this.#feed({ type: "disconnected", error });
    };
    socket.once("connect", () => {
      if (this.#socket === socket) this.#feed({ type: "connected" });
    });
    socket.on("data", (chunk: Buffer) => this.#receive(socket, reader, chunk, lost));
    socket.once("error", (error: NodeJS.ErrnoException) => lost(error.code ?? error.message));
    socket.once("close", () => lost("connection closed"));
  }

  #receive(socket: net.Socket, reader: FrameReader, chunk: Buffer, lost: (error: string) => void): void {
    if (this.#socket !== socket) return;
    try {
      for (const payload of reader.push(chunk)) {
        // The stamp is taken before anything is parsed, and only for the answer that completes the operation: taken for any
        // other it would make the operation look shorter than it was.
        const peek = peekResponse(payload);
        if (peek?.kind === "result" && this.#core.awaits(peek.id)) this.#stampReturn();
        const response = decodeResponse(payload);
        if (response === null) throw new Error("a malformed response");
        if (response.type === "result" || response.type === "refused") this.#repeater.answered(response.id);
        this.#feed({ type: "response", response });
        if (this.#socket !== socket) return;
      }
    } catch (error) {
      lost(error instanceof Error ? error.message : String(error));
    }
  }

  #stampReturn(): void {
    if (this.#returnStamped) return;
    this.#returnStamped = true;
    this.#hooks.returned();
  }

  #complete(reply: ClientReply): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#repeater.ended();
    const settle = this.#settle;
    this.#settle = null;
    this.#hooks = noHooks;
    settle?.(reply);
  }

  #drop(): void {
    this.#repeater.stop();
    const socket = this.#socket;
    this.#socket = null;
    socket?.destroy();
  }
}
