// A server that speaks the store's client protocol and misbehaves as it is told.
import * as net from "node:net";

import type { ScriptedServer, ServerAction, ServerScript } from "../../../cluster/testing/client-conformance.js";
import { nodeId } from "../../core/interface.js";
import type { ClientRequest, ClientResponse, KvOperation, KvResult, RefusalReason } from "../../core/interface.js";
import { FrameReader } from "../../runtime/frame.js";
import { decodeRequest, encodeResponse } from "../../runtime/client-codec.js";

type OperationRequest = Extract<ClientRequest, { type: "operation" }>;

/** What only the store's own tests script. */
export interface StoreScript extends ServerScript {
  /** Refuses operations with this reason where the script says "refuse", and says whether that is definite. */
  readonly refusal?: { readonly reason: RefusalReason; readonly definite: boolean };
  /** Openings of sessions that are left without an answer before one is answered. */
  readonly silentOpenings?: number;
}

export interface StoreServer extends ScriptedServer {
  readonly requests: readonly OperationRequest[];
  readonly connections: number;
}

export async function startScriptedServer(script: StoreScript): Promise<StoreServer> {
  const scripted = new Scripted(script);
  await scripted.listen();
  return scripted;
}

class Scripted implements StoreServer {
  readonly received: string[] = [];
  readonly requests: OperationRequest[] = [];
  readonly answeredAtMs: number[] = [];
  connections = 0;
  readonly #script: StoreScript;
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();
  readonly #applied = new Map<string, KvResult>();
  #silentOpenings: number;
  #lastSession = 100;
  #index = 0;

  constructor(script: StoreScript) {
    this.#script = script;
    this.#silentOpenings = script.silentOpenings ?? 0;
    this.#server = net.createServer((socket) => this.#accept(socket));
  }

  get address(): { host: string; port: number } {
    return { host: "127.0.0.1", port: this.#port };
  }

  #port = 0;

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    this.#port = (this.#server.address() as net.AddressInfo).port;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(socket: net.Socket): void {
    this.connections++;
    this.#sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => this.#sockets.delete(socket));
    const closing = this.#script.closeBeforeRead;
    if (closing === "always" || (closing === "first" && this.connections === 1)) {
      socket.end();
      return;
    }
    const reader = new FrameReader();
    socket.on("data", (chunk: Buffer) => {
      for (const payload of reader.push(chunk)) {
        const request = decodeRequest(payload);
        if (request === null) throw new Error("the client sent a malformed request");
        this.#take(socket, request);
      }
    });
  }

  #take(socket: net.Socket, request: ClientRequest): void {
    switch (request.type) {
      case "hello":
        send(socket, { type: "welcome", id: request.id, node: nodeId(1), groups: 2 });
        return;
      case "open-session":
        if (this.#silentOpenings-- > 0) return;
        send(socket, { type: "session-opened", id: request.id, group: request.group, session: ++this.#lastSession });
        return;
      case "operation":
        this.#operation(socket, request);
        return;
    }
  }

  #operation(socket: net.Socket, request: OperationRequest): void {
    const identity = `${request.group}/${request.session}/${request.number} ${JSON.stringify(request.operation)}`;
    const action: ServerAction = this.#script.actions[
      Math.min(this.received.length, this.#script.actions.length - 1)
    ] ?? { do: "answer" };
    this.received.push(identity);
    this.requests.push(request);
    switch (action.do) {
      case "answer":
        this.#answer(socket, request, identity, 1);
        return;
      case "answer-twice":
        this.#answer(socket, request, identity, 2);
        return;
      case "answer-after":
        setTimeout(() => this.#answer(socket, request, identity, 1), action.delayMs);
        return;
      case "no-reply":
        return;
      case "close-after-read":
        socket.end();
        return;
      case "refuse":
        send(socket, {
          type: "refused",
          id: request.id,
          definite: this.#script.refusal?.definite ?? true,
          reason: this.#script.refusal?.reason ?? "no-leader",
        });
        return;
      case "lose-leadership":
        send(socket, { type: "refused", id: request.id, definite: false, reason: "lost-leadership" });
        return;
    }
  }

  #answer(socket: net.Socket, request: OperationRequest, identity: string, times: number): void {
    if (socket.destroyed) return;
    const result = this.#applied.get(identity) ?? resultOf(request.operation, ++this.#index);
    this.#applied.set(identity, result);
    this.answeredAtMs.push(performance.now());
    for (let count = 0; count < times; count++) send(socket, { type: "result", id: request.id, result });
  }
}

function resultOf(operation: KvOperation, index: number): KvResult {
  switch (operation.function) {
    case "get":
      return { function: "get", found: true, value: `value of ${operation.key}`, index };
    case "put":
      return { function: "put", previous: `before ${String(operation.value)}`, index };
    case "cas":
      return { function: "cas", status: "mismatch", observed: `not ${String(operation.expected)}`, index };
  }
}

function send(socket: net.Socket, response: ClientResponse): void {
  if (!socket.destroyed) socket.write(encodeResponse(response));
}
