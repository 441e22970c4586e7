// The port that clients talk to. Each request becomes an event for the core, each answer a frame on the connection that asked;
// an answer for a connection that is gone is dropped.
import * as net from "node:net";

import type { ClientRequest, ClientResponse, ConnectionId } from "../core/interface.js";
import { ByteWriter } from "./bytes.js";
import { decodeRequest, writeResponse } from "./client-codec.js";
import { FrameReader } from "./frame.js";
import { listening } from "./inbound-links.js";

const maximumConnections = 2_048;
const maximumRequestBytes = 1024 * 1024;
/** Bytes of answers that a client may leave unread. */
const maximumQueuedBytes = 16 * 1024 * 1024;

export interface ClientServerListener {
  request(connection: ConnectionId, request: ClientRequest): void;
}

export class ClientServer {
  readonly #listener: ClientServerListener;
  readonly #server: net.Server;
  readonly #connections = new Map<ConnectionId, net.Socket>();
  #lastConnection = 0;

  constructor(listener: ClientServerListener) {
    this.#listener = listener;
    this.#server = net.createServer({ noDelay: true }, (socket) => this.#accept(socket));
    this.#server.maxConnections = maximumConnections;
  }

  async listen(address: { readonly host: string; readonly port: number }): Promise<void> {
    await listening(this.#server, address);
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** Sends all answers that one turn of the event loop gave, one write for each connection. */
  answer(answers: readonly { readonly connection: ConnectionId; readonly response: ClientResponse }[]): void {
    const writers = new Map<ConnectionId, ByteWriter>();
    for (const { connection, response } of answers) {
      if (!this.#connections.has(connection)) continue;
      let writer = writers.get(connection);
      if (writer === undefined) {
        // An answer is a short frame around at most one value; most loads spread over few connections.
        writer = new ByteWriter(256 + answers.length * 64);
        writers.set(connection, writer);
      }
      writeResponse(writer, response);
    }
    for (const [connection, writer] of writers) {
      const socket = this.#connections.get(connection);
      if (socket === undefined) continue;
      socket.write(writer.view());
      if (socket.writableLength > maximumQueuedBytes) socket.destroy();
    }
  }

  stop(): void {
    this.#server.close();
    for (const socket of this.#connections.values()) socket.destroy();
  }

  #accept(socket: net.Socket): void {
    const connection = ++this.#lastConnection;
    this.#connections.set(connection, socket);
    const reader = new FrameReader(maximumRequestBytes);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => this.#connections.delete(connection));
    const take = (bytes: Buffer, start: number, end: number): void => {
      const request = decodeRequest(bytes, start, end);
      if (request === null) throw new Error("a malformed request");
      this.#listener.request(connection, request);
    };
    socket.on("data", (chunk: Buffer) => {
      try {
        reader.read(chunk, take);
      } catch {
        // Whatever follows in the stream cannot be trusted either.
        socket.destroy();
      }
    });
  }
}
