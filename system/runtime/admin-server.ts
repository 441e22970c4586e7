// The admin port: status, metrics and the decided log, over HTTP, read-only. No fault touches it, so it has to
// stay cheap: every answer is bounded.
import * as http from "node:http";

import type { Command, Core } from "../core/interface.js";
import type { DecidedCommand, NodeStatus } from "../../cluster/index.js";
import { listening } from "./inbound-links.js";
import type { SocketAddress } from "./options.js";

const maximumConnections = 64;
const requestTimeoutMs = 5_000;

export interface AdminSource {
  status(): NodeStatus;
  /** Prometheus name without prefix → value. Names that end in `_total` are counters, the others gauges. */
  metrics(): Readonly<Record<string, number>>;
  readonly core: Core;
}

export class AdminServer {
  readonly #server: http.Server;

  constructor(source: AdminSource) {
    this.#server = http.createServer({ requestTimeout: requestTimeoutMs }, (request, response) =>
      answer(source, request, response),
    );
    this.#server.maxConnections = maximumConnections;
  }

  async listen(address: SocketAddress): Promise<void> {
    await listening(this.#server, address);
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

function answer(source: AdminSource, request: http.IncomingMessage, response: http.ServerResponse): void {
  const url = new URL(request.url ?? "/", "http://node");
  if (request.method !== "GET") {
    reply(response, 405, "text/plain", "only GET\n");
    return;
  }
  switch (url.pathname) {
    case "/status":
      reply(response, 200, "application/json", `${JSON.stringify({ ...source.status(), clock: readClock() })}\n`);
      return;
    case "/metrics":
      reply(response, 200, "text/plain; version=0.0.4", prometheus(source.metrics()));
      return;
    case "/decisions":
      decisions(source, url, response);
      return;
    default:
      reply(response, 404, "text/plain", "try /status, /metrics or /decisions?from=0\n");
  }
}

/** No rule of the store depends on the time of day; it is told so that a fault of the clock can be seen from outside. */
function readClock(): { readonly wallMs: number; readonly monotonicMs: number } {
  return { wallMs: Date.now(), monotonicMs: Number(process.hrtime.bigint()) / 1e6 };
}

function decisions(source: AdminSource, url: URL, response: http.ServerResponse): void {
  const from = Number(url.searchParams.get("from") ?? "0");
  if (!Number.isSafeInteger(from) || from < 0) {
    reply(response, 400, "text/plain", "from must be an integer of at least 0\n");
    return;
  }
  const { group } = source.core.status();
  const asked = url.searchParams.get("group");
  // A node knows the log of its own group only.
  const list = group === null || (asked !== null && Number(asked) !== group) ? [] : source.core.decisions(from);
  const body = list.map(({ index, hash, command }) => ({ group, index, hash, command: told(command) }));
  reply(response, 200, "application/json", `${JSON.stringify(body)}\n`);
}

/** A client's operation as the suite reads it (`DecidedCommand`); null for what is none. */
export function told(command: Command | null): DecidedCommand | null {
  if (command?.type !== "operation") return null;
  const { session, number, operation } = command;
  const id = `${session}/${number}`;
  const { function: name, key } = operation;
  switch (operation.function) {
    case "get":
      return { id, function: name, key, input: null };
    case "put":
      return { id, function: name, key, input: operation.value };
    case "cas":
      return { id, function: name, key, input: { expected: operation.expected, new: operation.new } };
  }
}

function prometheus(metrics: Readonly<Record<string, number>>): string {
  const lines: string[] = [];
  for (const [name, value] of Object.entries(metrics)) {
    lines.push(
      `# TYPE minos_store_${name} ${name.endsWith("_total") ? "counter" : "gauge"}`,
      `minos_store_${name} ${value}`,
    );
  }
  return `${lines.join("\n")}\n`;
}

function reply(response: http.ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body), connection: "close" });
  response.end(body);
}
