// A load of puts on one etcd member, by two clients: JSON through etcd's HTTP gateway on kept-alive connections, and gRPC with the
// HTTP/2 frames made by hand. The second is as lean as a client can be, so that what is measured is etcd and not its client:
// it sends the same header block with every request, uses no compression state, and takes a response with a message for a success
// (a gRPC error has none).
import * as http from "node:http";
import * as net from "node:net";

import type { Address } from "../cluster/index.js";
import { Measurement } from "./latencies.js";
import type { LoadResult } from "./latencies.js";
import type { LoadOptions } from "./store-load.js";

/** Starts one put; calls back with whether it succeeded. */
type Put = (key: string, value: string, done: (succeeded: boolean) => void) => void;

async function load(options: LoadOptions, putOf: () => Put): Promise<LoadResult> {
  const startMs = performance.now();
  const from = startMs + options.warmUpMs;
  const measurement = new Measurement(options.outstanding, from, from + options.measureMs);
  const value = "v".repeat(options.valueBytes);
  const clients = Array.from({ length: options.outstanding }, async (_, index) => {
    const put = putOf();
    let random = index * 2_654_435_761 + 1;
    await new Promise<void>((resolve) => {
      const next = (): void => {
        if (measurement.over) {
          resolve();
          return;
        }
        random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
        const start = performance.now();
        put(`key-${random % options.keys}`, value, (succeeded) => {
          if (succeeded) measurement.completed(start, performance.now());
          else measurement.failed();
          next();
        });
      };
      next();
    });
  });
  await Promise.all(clients);
  return measurement.result();
}

/** Through the JSON gateway, a kept-alive connection for each outstanding put. */
export async function loadEtcdGateway(address: Address, options: LoadOptions): Promise<LoadResult> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: options.outstanding });
  const put: Put = (key, value, done) => {
    const body = JSON.stringify({ key: base64(key), value: base64(value) });
    const headers = { "content-type": "application/json", "content-length": body.length };
    const request = http.request(
      { host: address.host, port: address.port, path: "/v3/kv/put", method: "POST", agent, headers },
      (response) => {
        response.resume();
        response.once("end", () => done(response.statusCode === 200));
      },
    );
    request.once("error", () => done(false));
    request.end(body);
  };
  try {
    return await load(options, () => put);
  } finally {
    agent.destroy();
  }
}

/** By gRPC over one HTTP/2 connection, which was faster than over several. */
export async function loadEtcdGrpc(address: Address, options: LoadOptions): Promise<LoadResult> {
  const connection = await Http2Connection.open(address);
  try {
    return await load(options, () => (key, value, done) => connection.call(putRequest(key, value), done));
  } finally {
    connection.close();
  }
}

/** PutRequest {1: key, 2: value} in protobuf, as a gRPC message: flag, length, message. */
function putRequest(key: string, value: string): Buffer {
  const fields = [protobufField(1, key), protobufField(2, value)];
  const message = Buffer.concat(fields);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

function protobufField(number: number, text: string): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length >= 128) throw new Error("lengths above 127 need a longer varint");
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
}

const frame = { data: 0, headers: 1, resetStream: 3, settings: 4, ping: 6, goAway: 7, windowUpdate: 8 } as const;
const flag = { acknowledge: 1, endStream: 1, endHeaders: 4 } as const;
const frameHeaderBytes = 9;
const largeWindow = 0x3fff_ffff;

/** As much of HTTP/2 (RFC 9113) as unary gRPC calls with short messages need. */
class Http2Connection {
  readonly #socket: net.Socket;
  readonly #headers: Buffer;
  readonly #calls = new Map<number, { message: boolean; readonly done: (succeeded: boolean) => void }>();
  #nextStream = 1;
  #unread: Buffer = Buffer.alloc(0);
  #unsent: Buffer[] = [];
  /** Bytes of data that the server lets us send on the connection. */
  #window = 65_535;
  #blocked: { readonly body: Buffer; readonly done: (succeeded: boolean) => void }[] = [];
  #received = 0;

  private constructor(socket: net.Socket, address: Address) {
    this.#socket = socket;
    this.#headers = headerBlock(address);
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    // Receive windows so large that the server never waits for them: of each stream by a setting, of the connection by an update.
    const window = Buffer.alloc(6);
    window.writeUInt16BE(4, 0);
    window.writeUInt32BE(largeWindow, 2);
    this.#send(frame.settings, 0, 0, window);
    this.#grow(largeWindow - 65_535);
  }

  static async open(address: Address): Promise<Http2Connection> {
    const socket = net.connect({ host: address.host, port: address.port, noDelay: true });
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    return new Http2Connection(socket, address);
  }

  call(body: Buffer, done: (succeeded: boolean) => void): void {
    if (this.#window < body.length) {
      this.#blocked.push({ body, done });
      return;
    }
    this.#window -= body.length;
    const stream = this.#nextStream;
    this.#nextStream += 2;
    this.#calls.set(stream, { message: false, done });
    this.#send(frame.headers, flag.endHeaders, stream, this.#headers);
    this.#send(frame.data, flag.endStream, stream, body);
  }

  close(): void {
    this.#socket.destroy();
  }

  #send(type: number, flags: number, stream: number, payload: Buffer): void {
    const header = Buffer.alloc(frameHeaderBytes);
    header.writeUIntBE(payload.length, 0, 3);
    header.writeUInt8(type, 3);
    header.writeUInt8(flags, 4);
    header.writeUInt32BE(stream, 5);
    if (this.#unsent.length === 0) setImmediate(() => this.#flush());
    this.#unsent.push(header, payload);
  }

  #flush(): void {
    const parts = this.#unsent;
    this.#unsent = [];
    if (!this.#socket.destroyed) this.#socket.write(Buffer.concat(parts));
  }

  #grow(bytes: number): void {
    const increment = Buffer.alloc(4);
    increment.writeUInt32BE(bytes, 0);
    this.#send(frame.windowUpdate, 0, 0, increment);
  }

  #receive(chunk: Buffer): void {
    const bytes = this.#unread.length === 0 ? chunk : Buffer.concat([this.#unread, chunk]);
    let at = 0;
    while (at + frameHeaderBytes <= bytes.length) {
      const length = bytes.readUIntBE(at, 3);
      const end = at + frameHeaderBytes + length;
      if (end > bytes.length) break;
      const payload = bytes.subarray(at + frameHeaderBytes, end);
      this.#frame(bytes.readUInt8(at + 3), bytes.readUInt8(at + 4), bytes.readUInt32BE(at + 5) & 0x7fff_ffff, payload);
      at = end;
    }
    this.#unread = bytes.subarray(at);
  }

  #frame(type: number, flags: number, stream: number, payload: Buffer): void {
    const call = this.#calls.get(stream);
    switch (type) {
      case frame.data:
        if (call !== undefined && payload.length > 5) call.message = true;
        this.#received += payload.length;
        if (this.#received > largeWindow / 2) {
          this.#grow(this.#received);
          this.#received = 0;
        }
        break;
      case frame.settings:
        if ((flags & flag.acknowledge) === 0) this.#send(frame.settings, flag.acknowledge, 0, Buffer.alloc(0));
        return;
      case frame.ping:
        if ((flags & flag.acknowledge) === 0) this.#send(frame.ping, flag.acknowledge, 0, Buffer.from(payload));
        return;
      case frame.windowUpdate:
        if (stream === 0) this.#opened(payload.readUInt32BE(0));
        return;
      case frame.goAway:
        throw new Error("etcd ended the connection");
      default:
        break;
    }
    const ended =
      type === frame.resetStream || ((type === frame.data || type === frame.headers) && (flags & flag.endStream) !== 0);
    if (call === undefined || !ended) return;
    this.#calls.delete(stream);
    call.done(call.message);
  }

  #opened(bytes: number): void {
    this.#window += bytes;
    const blocked = this.#blocked;
    this.#blocked = [];
    for (const { body, done } of blocked) this.call(body, done);
  }
}

/** The request's headers as HPACK literals without indexing (RFC 7541, 6.2.2), names and values as they are. */
function headerBlock(address: Address): Buffer {
  const headers: readonly (readonly [string, string])[] = [
    [":method", "POST"],
    [":scheme", "http"],
    [":path", "/etcdserverpb.KV/Put"],
    [":authority", `${address.host}:${address.port}`],
    ["content-type", "application/grpc"],
    ["te", "trailers"],
  ];
  return Buffer.concat(
    headers.flatMap(([name, value]) => [
      Buffer.from([0x00, name.length]),
      Buffer.from(name),
      Buffer.from([value.length]),
      Buffer.from(value),
    ]),
  );
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
