// The connections on which peers send to this node: at most one counts for each peer, the one that `core/link.ts` ranks
// greatest. Bytes of every other are discarded unread.
import * as net from "node:net";

import type { NodeId } from "../core/interface.js";
import { judgeHello } from "../core/link.js";
import type { ConnectionRank, Hello } from "../core/link.js";
import type { PeerMessage } from "../core/messages.js";
import { FrameReader } from "./frame.js";
import { decodeGreeting, encodeGreeting, MessageDecoder } from "./wire.js";

/** Connections that have not said Hello. */
const maximumStrangers = 256;
const helloTimeoutMs = 10_000;

export interface InboundExpectation {
  readonly cluster: string;
  readonly configuration: string;
  readonly self: NodeId;
  readonly nodes: readonly NodeId[];
  readonly incarnation: number;
}

export interface InboundListener {
  /** The identity that the partition table records, or null while there is none. */
  identityOf(node: NodeId): string | null;
  link(peer: NodeId, up: boolean): void;
  messages(peer: NodeId, messages: readonly PeerMessage[]): void;
  log(event: string, detail: Readonly<Record<string, unknown>>): void;
}

interface Current {
  readonly socket: net.Socket;
  readonly identity: string;
}

export class InboundLinks {
  readonly #expectation: InboundExpectation;
  readonly #listener: InboundListener;
  readonly #server: net.Server;
  readonly #greatest = new Map<NodeId, ConnectionRank>();
  readonly #current = new Map<NodeId, Current>();
  readonly #strangers = new Set<net.Socket>();
  readonly #refusedFrom = new Set<string>();

  constructor(expectation: InboundExpectation, listener: InboundListener) {
    this.#expectation = expectation;
    this.#listener = listener;
    this.#server = net.createServer({ noDelay: true }, (socket) => this.#accept(socket));
  }

  async listen(address: { readonly host: string; readonly port: number }): Promise<void> {
    await listening(this.#server, address);
  }

  up(peer: NodeId): boolean {
    return this.#current.has(peer);
  }

  /** Ends connections whose sender is not the one that the table, just learnt, records. */
  identitiesKnown(): void {
    for (const [peer, current] of this.#current) {
      const identity = this.#listener.identityOf(peer);
      if (identity !== null && identity !== current.identity) current.socket.destroy();
    }
  }

  stop(): void {
    this.#server.close();
    for (const socket of this.#strangers) socket.destroy();
    for (const { socket } of this.#current.values()) socket.destroy();
  }

  #accept(socket: net.Socket): void {
    socket.on("error", () => socket.destroy());
    if (this.#strangers.size >= maximumStrangers) {
      socket.destroy();
      return;
    }
    this.#strangers.add(socket);
    const connection = new InboundConnection(socket, {
      hello: (hello) => this.#hello(socket, hello),
      counts: (peer) => this.#current.get(peer)?.socket === socket,
      messages: this.#listener.messages.bind(this.#listener),
      log: this.#listener.log.bind(this.#listener),
    });
    const deadline = setTimeout(() => {
      if (connection.peer === null) socket.destroy();
    }, helloTimeoutMs);
    socket.on("data", (chunk: Buffer) => connection.receive(chunk));
    socket.once("close", () => {
      clearTimeout(deadline);
      this.#strangers.delete(socket);
      this.#closed(socket, connection.peer);
    });
  }

  /** Judges a Hello; returns the peer when the connection counts from now on. */
  #hello(socket: net.Socket, hello: Hello): NodeId | null {
    this.#strangers.delete(socket);
    const judgement = judgeHello(hello, {
      ...this.#expectation,
      identity: this.#listener.identityOf(hello.node),
      greatest: this.#greatest.get(hello.node) ?? null,
    });
    if (!judgement.accepted) {
      const key = `${hello.node} ${hello.identity} ${judgement.reason}`;
      if (!this.#refusedFrom.has(key) && this.#refusedFrom.size < maximumStrangers) {
        this.#refusedFrom.add(key);
        this.#listener.log("refused-peer", { peer: hello.node, reason: judgement.reason, final: judgement.final });
      }
      socket.end(encodeGreeting({ type: "Refused", reason: judgement.reason, final: judgement.final }));
      return null;
    }
    const superseded = this.#current.get(hello.node);
    this.#greatest.set(hello.node, { incarnation: hello.incarnation, connection: hello.connection });
    this.#current.set(hello.node, { socket, identity: hello.identity });
    if (superseded !== undefined) {
      superseded.socket.destroy();
      this.#listener.link(hello.node, false);
    }
    const { self, incarnation } = this.#expectation;
    socket.write(encodeGreeting({ type: "Welcome", node: self, incarnation }));
    this.#listener.link(hello.node, true);
    return hello.node;
  }

  #closed(socket: net.Socket, peer: NodeId | null): void {
    if (peer === null || this.#current.get(peer)?.socket !== socket) return;
    this.#current.delete(peer);
    this.#listener.link(peer, false);
  }
}

interface ConnectionListener {
  hello(hello: Hello): NodeId | null;
  counts(peer: NodeId): boolean;
  messages(peer: NodeId, messages: readonly PeerMessage[]): void;
  log(event: string, detail: Readonly<Record<string, unknown>>): void;
}

/** One accepted connection: a Hello, then messages for as long as it is the one that counts. */
class InboundConnection {
  peer: NodeId | null = null;
  readonly #socket: net.Socket;
  readonly #listener: ConnectionListener;
  readonly #reader = new FrameReader();
  readonly #decoder = new MessageDecoder();
  #refused = false;

  constructor(socket: net.Socket, listener: ConnectionListener) {
    this.#socket = socket;
    this.#listener = listener;
  }

  receive(chunk: Buffer): void {
    if (this.#refused || (this.peer !== null && !this.#listener.counts(this.peer))) return;
    try {
      for (const payload of this.#reader.push(chunk)) {
        if (this.peer !== null) {
          this.#listener.messages(this.peer, this.#decoder.decode(payload));
          continue;
        }
        const greeting = decodeGreeting(payload);
        if (greeting?.type !== "Hello") throw new Error("the first frame is no Hello");
        this.peer = this.#listener.hello(greeting.hello);
        if (this.peer === null) {
          this.#refused = true;
          return;
        }
      }
    } catch (error) {
      this.#listener.log("bad-frame", { peer: this.peer, error: String(error) });
      this.#socket.destroy();
    }
  }
}

/** Resolves once the server listens; rejects when it cannot (a port taken). */
export async function listening(
  server: net.Server,
  address: { readonly host: string; readonly port: number },
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(address.port, address.host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}
