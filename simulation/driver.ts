// What the run loop needs of a world: its time, and clients that act in it. The shape is that of `campaign/driver.ts`.
import type { ClientRequest, NodeName, RequestRepeat } from "../cluster/index.js";
import type { InvocationHooks, SimulatedClient } from "./clients.js";
import type { World } from "./world.js";

export interface SimulatedInvocation extends ClientRequest {
  readonly thread: number;
  readonly node: NodeName;
  readonly timeoutMs: number;
  readonly repeat?: RequestRepeat | null;
}

export interface SimulatedDriver {
  now(): number;
  at(timeNs: number, callback: () => void): () => void;
  invoke(invocation: SimulatedInvocation, hooks: InvocationHooks): void;
  retire(thread: number): void;
}

/** Time counts from now. One client a thread, made at its first operation and again after each `retire`. */
export function createSimulatedDriver(world: World): SimulatedDriver {
  const originNs = world.queue.nowNs;
  const clients = new Map<number, SimulatedClient>();
  return {
    now: () => world.queue.nowNs - originNs,
    at(timeNs, callback) {
      const planned = world.queue.at(originNs + timeNs, callback);
      return () => world.queue.cancel(planned);
    },
    invoke({ thread, node, function: name, key, input, timeoutMs, repeat = null }, hooks) {
      let client = clients.get(thread);
      if (client === undefined) {
        client = world.createClient(node, thread);
        clients.set(thread, client);
      }
      client.invoke({ function: name, key, input }, timeoutMs, hooks, repeat);
    },
    retire(thread) {
      // A client with an operation under way says so at once, and whoever hears it may retire the thread again.
      const client = clients.get(thread);
      clients.delete(thread);
      client?.close();
    },
  };
}
