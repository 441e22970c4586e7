// The client of a build: what `description.ts` takes from the bundle `client.js`, and what a simulation drives by itself.
import { setMaxListeners } from "node:events";

import type { Address, Client } from "../../cluster/index.js";
import { defaultClientTiming, type ClientTiming } from "./client-core.js";
import { TcpClient } from "./tcp-client.js";

export { ClientCore, defaultClientTiming } from "./client-core.js";
export type { ClientEffect, ClientEvent, ClientTiming } from "./client-core.js";
export { keyText } from "./operation-mapping.js";
export { PipelinedConnection } from "./pipelined-connection.js";
export type { PipelinedAnswer, PipelinedSession } from "./pipelined-connection.js";
export { TcpClient } from "./tcp-client.js";
export { groupOfKey } from "../core/partition-table.js";

/** A client pinned to the node behind `address`; it connects with its first operation and closes when `signal` aborts. */
export function connect(address: Address, signal: AbortSignal, timing: ClientTiming = defaultClientTiming): Client {
  const client = new TcpClient(address, timing);
  if (signal.aborted) {
    client.close();
    return client;
  }
  const close = (): void => client.close();
  // Hundreds of clients may share one signal.
  setMaxListeners(0, signal);
  signal.addEventListener("abort", close, { once: true });
  client.onClose(() => signal.removeEventListener("abort", close));
  return client;
}
