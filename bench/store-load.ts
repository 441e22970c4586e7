// A load of puts on one node of the store: as many sequential sessions as writes are to be outstanding, sharing a few connections,
// as the clients of an etcd member share HTTP/2 connections.
import type { Address } from "../cluster/index.js";
import { loadClient, shippedBuild } from "../system/index.js";
import type { ClientModule, PipelinedConnection } from "../system/index.js";
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

/** Puts 100-byte values (or whatever is asked for) on random keys, `outstanding` at a time. The store must be one group. */
export async function loadStore(address: Address, options: LoadOptions): Promise<LoadResult> {
  const { outstanding } = options;
  const client: ClientModule = await loadClient(await shippedBuild());
  const connections = await Promise.all(
    Array.from({ length: connectionsFor(outstanding) }, () => client.PipelinedConnection.open(address)),
  );
  const startMs = performance.now() + options.warmUpMs;
  const measurement = new Measurement(outstanding, startMs, startMs + options.measureMs);
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

/** One sequential client: the next put begins when the last is answered. */
async function runClient(
  connection: PipelinedConnection,
  index: number,
  options: LoadOptions,
  measurement: Measurement,
): Promise<void> {
  const session = await connection.session(0);
  const value = "v".repeat(options.valueBytes);
  let random = index * 2_654_435_761 + 1;
  await new Promise<void>((resolve) => {
    const next = (): void => {
      if (measurement.over) {
        resolve();
        return;
      }
      random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
      const startMs = performance.now();
      session.invoke({ function: "put", key: `key-${random % options.keys}`, value }, (answer) => {
        if ("result" in answer) measurement.completed(startMs, performance.now());
        else measurement.failed();
        next();
      });
    };
    next();
  });
}
