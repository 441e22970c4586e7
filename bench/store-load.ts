// A load of puts on one node of the store: as many sequential clients as writes are to be outstanding, each with a session of its
// own, sharing a few connections, as the clients of an etcd member share HTTP/2 connections.
import * as net from "node:net";

import type { Address } from "../cluster/index.js";
import type { ClientRequest, ClientResponse } from "../system/core/interface.js";
import { groupOfKey } from "../system/core/partition-table.js";
import { FrameReader } from "../system/runtime/frame.js";
import { decodeResponse, encodeRequest } from "../system/runtime/client-codec.js";
import { Measurement } from "./latencies.js";
import type { LoadResult } from "./latencies.js";

export interface LoadOptions {
  readonly outstanding: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  readonly valueBytes: number;
  readonly keys: number;
}

/** Connections that a load on the store shares: what was fastest. */
function connectionsFor(outstanding: number): number {
  return outstanding <= 100 ? 1 : 4;
}

/** Requests of many clients on one connection; frames of one turn leave in one write. */
class Connection {
  readonly #socket: net.Socket;
  readonly #handlers = new Map<number, (response: ClientResponse) => void>();
  #lastId = 0;
  #unsent: Buffer[] = [];

  private constructor(socket: net.Socket) {
    this.#socket = socket;
    const reader = new FrameReader();
    socket.on("data", (chunk: Buffer) => {
      for (const payload of reader.push(chunk)) {
        const response = decodeResponse(payload);
        if (response === null) throw new Error("a malformed response");
        const handler = this.#handlers.get(response.id);
        this.#handlers.delete(response.id);
        handler?.(response);
      }
    });
  }

  static async open(address: Address): Promise<Connection> {
    const socket = net.connect({ host: address.host, port: address.port, noDelay: true });
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    return new Connection(socket);
  }

  ask(make: (id: number) => ClientRequest, answer: (response: ClientResponse) => void): void {
    const id = ++this.#lastId;
    this.#handlers.set(id, answer);
    if (this.#unsent.length === 0) setImmediate(() => this.#flush());
    this.#unsent.push(encodeRequest(make(id)));
  }

  async call(make: (id: number) => ClientRequest): Promise<ClientResponse> {
    return new Promise((resolve) => this.ask(make, resolve));
  }

  close(): void {
    this.#socket.destroy();
  }

  #flush(): void {
    const frames = this.#unsent;
    this.#unsent = [];
    this.#socket.write(frames.length === 1 && frames[0] !== undefined ? frames[0] : Buffer.concat(frames));
  }
}

/** Puts 100-byte values (or whatever is asked for) on random keys, `outstanding` at a time. */
export async function loadStore(address: Address, options: LoadOptions): Promise<LoadResult> {
  const { outstanding } = options;
  const connections = await Promise.all(
    Array.from({ length: connectionsFor(outstanding) }, () => Connection.open(address)),
  );
  const start = performance.now();
  const measurement = new Measurement(
    outstanding,
    start + options.warmUpMs,
    start + options.warmUpMs + options.measureMs,
  );
  try {
    const clients = Array.from({ length: outstanding }, async (_, index) => {
      const connection = connections[index % connections.length];
      if (connection !== undefined) await runClient(connection, index, options, measurement);
    });
    await Promise.all(clients);
  } finally {
    for (const connection of connections) connection.close();
  }
  return measurement.result();
}

async function runClient(
  connection: Connection,
  index: number,
  options: LoadOptions,
  measurement: Measurement,
): Promise<void> {
  const welcome = await connection.call((id) => ({ type: "hello", id }));
  if (welcome.type !== "welcome") throw new Error(`the node answers ${welcome.type}`);
  const groups = welcome.groups;
  const opened = await connection.call((id) => ({ type: "open-session", id, group: 0 }));
  if (opened.type !== "session-opened") throw new Error(`the node answers ${JSON.stringify(opened)}`);
  const value = "v".repeat(options.valueBytes);
  let number = 0;
  let random = index * 2_654_435_761 + 1;
  await new Promise<void>((resolve, reject) => {
    const next = (): void => {
      if (measurement.over) {
        resolve();
        return;
      }
      number++;
      random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
      const key = `key-${random % options.keys}`;
      if (groupOfKey(key, groups) !== 0) throw new Error("the benchmark runs on a single group");
      const startMs = performance.now();
      const { session } = opened;
      connection.ask(
        (id) => ({
          type: "operation",
          id,
          group: 0,
          session,
          number,
          acknowledgedBelow: number,
          operation: { function: "put", key, value },
        }),
        (response) => {
          if (response.type === "result") measurement.completed(startMs, performance.now());
          else {
            measurement.failed();
            if (response.type !== "refused") reject(new Error(`the node answers ${response.type}`));
          }
          next();
        },
      );
    };
    next();
  });
}
