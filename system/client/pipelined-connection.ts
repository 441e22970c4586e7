// Many sequential sessions over one connection, their requests written together: what an application server with many users would
// use, and what benchmarks load the store with. It neither retries nor times out: an answer comes, or the connection ends and
// every open request is answered with an error.
import * as net from "node:net";

import type { Address } from "../../cluster/index.js";
import type { ClientRequest, ClientResponse, GroupId, KvOperation, KvResult } from "../core/interface.js";
import { ByteWriter } from "../runtime/bytes.js";
import { decodeResponse, writeRequest } from "../runtime/client-codec.js";
import { FrameReader } from "../runtime/frame.js";

/** Requests of one connection that may be open at once. */
const maximumOpen = 100_000;

/** The result, or what was said instead. */
export type PipelinedAnswer = { readonly result: KvResult } | { readonly error: string };

/** One sequential session: the next operation begins after the answer to the last. */
export interface PipelinedSession {
  invoke(operation: KvOperation, done: (answer: PipelinedAnswer) => void): void;
}

export class PipelinedConnection {
  readonly #socket: net.Socket;
  readonly #open = new Map<number, (response: ClientResponse | null) => void>();
  #lastId = 0;
  /** Frames of the requests of this turn of the event loop. */
  #unsent: ByteWriter | null = null;
  #lastSent = 1024;

  private constructor(socket: net.Socket) {
    this.#socket = socket;
    const reader = new FrameReader();
    const take = (bytes: Buffer, start: number, end: number): void => this.#receive(decodeResponse(bytes, start, end));
    socket.on("data", (chunk: Buffer) => {
      try {
        reader.read(chunk, take);
      } catch {
        socket.destroy();
      }
    });
    socket.on("error", () => socket.destroy());
    socket.once("close", () => this.#lost());
  }

  /** Rejects when the node cannot be reached. */
  static async open(address: Address): Promise<PipelinedConnection> {
    const socket = net.connect({ host: address.host, port: address.port, noDelay: true });
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    return new PipelinedConnection(socket);
  }

  /** Opens a session in a group. Rejects when the node refuses or the connection ends. */
  async session(group: GroupId): Promise<PipelinedSession> {
    const opened = await new Promise<ClientResponse | null>((resolve) => {
      this.#ask((id) => ({ type: "open-session", id, group }), resolve);
    });
    if (opened?.type !== "session-opened") throw new Error(`no session was opened: ${JSON.stringify(opened)}`);
    const { session } = opened;
    let number = 0;
    return {
      invoke: (operation, done) => {
        number++;
        this.#ask(
          (id) => ({ type: "operation", id, group, session, number, acknowledgedBelow: number, operation }),
          (response) => {
            if (response?.type === "result") done({ result: response.result });
            else done({ error: response?.type === "refused" ? response.reason : "the connection ended" });
          },
        );
      },
    };
  }

  close(): void {
    this.#socket.destroy();
  }

  #ask(make: (id: number) => ClientRequest, answer: (response: ClientResponse | null) => void): void {
    if (this.#open.size >= maximumOpen) throw new Error("too many requests are open on one connection");
    if (this.#socket.destroyed) {
      setImmediate(answer, null);
      return;
    }
    const id = ++this.#lastId;
    this.#open.set(id, answer);
    if (this.#unsent === null) {
      this.#unsent = new ByteWriter(this.#lastSent * 2);
      setImmediate(() => this.#flush());
    }
    writeRequest(this.#unsent, make(id));
  }

  #flush(): void {
    const frames = this.#unsent;
    this.#unsent = null;
    if (frames === null || this.#socket.destroyed) return;
    this.#lastSent = frames.length;
    this.#socket.write(frames.view());
  }

  #receive(response: ClientResponse | null): void {
    if (response === null) throw new Error("a malformed response");
    const answer = this.#open.get(response.id);
    this.#open.delete(response.id);
    answer?.(response);
  }

  #lost(): void {
    const open = [...this.#open.values()];
    this.#open.clear();
    for (const answer of open) answer(null);
  }
}
