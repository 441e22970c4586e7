// The driver of real clusters: timers of the event loop, clients over sockets.
import type { Address, Client, NodeName, SystemUnderTest } from "../cluster/index.js";
import type { TimeNs } from "../history/index.js";
import type { Driver, Invocation, InvocationEvents } from "./driver.js";

export interface RealDriver extends Driver {
  close(): void;
}

export interface RealDriverOptions {
  readonly system: SystemUnderTest;
  readonly clientAddress: (node: NodeName) => Address;
  readonly now: () => TimeNs;
  readonly signal: AbortSignal;
}

/** One client a thread, made at its first operation and again after each `retire`. */
export function createRealDriver(options: RealDriverOptions): RealDriver {
  const clients = new Map<number, Promise<Client>>();
  const timers = new Set<NodeJS.Timeout>();

  function clientOf(thread: number, node: NodeName): Promise<Client> {
    const existing = clients.get(thread);
    if (existing !== undefined) return existing;
    const made = options.system.connect(options.clientAddress(node), options.signal);
    clients.set(thread, made);
    return made;
  }

  async function perform(invocation: Invocation, events: InvocationEvents): Promise<void> {
    let reply;
    let handedOver = false;
    try {
      const client = await clientOf(invocation.thread, invocation.node);
      const hooks = {
        called: () => {
          handedOver = true;
          events.called();
        },
        returned: () => events.returned(),
        repeated: (what: "sent" | "answered") => events.repeated?.(what),
      };
      const { function: name, key, input, timeoutMs, repeat = null } = invocation;
      reply = await client.invoke({ function: name, key, input, timeoutMs, repeat }, hooks);
    } catch (error) {
      // A client that throws breaks its contract. Nothing is known of an operation that it had handed over.
      const outcome = handedOver ? ("info" as const) : ("fail" as const);
      reply = { outcome, output: null, error: `client threw: ${String(error)}`, attempts: 1, systemIndex: null };
    }
    events.done(reply);
  }

  return {
    now: options.now,
    at(time, callback) {
      const delayMs = Math.max(0, (time - options.now()) / 1e6);
      const timer = setTimeout(() => {
        timers.delete(timer);
        callback();
      }, delayMs);
      timers.add(timer);
      return () => {
        clearTimeout(timer);
        timers.delete(timer);
      };
    },
    // No answer is heard before microtasks have run, however quick the system.
    soon: (callback) => queueMicrotask(callback),
    invoke(invocation, events) {
      void perform(invocation, events);
    },
    retire(thread) {
      const client = clients.get(thread);
      clients.delete(thread);
      void client?.then((made) => made.close()).catch(() => undefined);
    },
    close() {
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
      for (const thread of clients.keys()) this.retire(thread);
    },
  };
}
