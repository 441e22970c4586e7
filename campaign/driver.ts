// What the run loop needs of the world: time, and a way to let clients act. There is one run loop; the real driver uses
// timers and sockets, a simulated one pops virtual events.
import type { ClientReply, ClientRequest, NodeName, RequestRepeat } from "../cluster/index.js";
import type { TimeNs } from "../history/index.js";

export interface InvocationEvents {
  called(): void;
  returned(): void;
  /** A copy of a request went out, or a request was answered a further time; also after `done`. */
  repeated?(what: "sent" | "answered"): void;
  done(reply: ClientReply): void;
}

export interface Invocation extends ClientRequest {
  readonly thread: number;
  /** The node that the thread is pinned to, or, for clients that roam, has gone to; then `retire` came before. */
  readonly node: NodeName;
  readonly timeoutMs: number;
  /** What a fault asks for. */
  readonly repeat?: RequestRepeat | null;
}

export interface Driver {
  /** Nanoseconds since the run began, monotonic. */
  now(): TimeNs;
  /** Calls back once, not before `time`. The returned function takes it back. */
  at(time: TimeNs, callback: () => void): () => void;
  /**
   * Calls back as soon as what runs now has come to its end, before anything that comes over a socket is heard. Where it is missing, a
   * moment of the driver's time is near enough.
   */
  soon?(callback: () => void): void;
  /** Starts an operation with the thread's client; `done` is always called, exactly once. */
  invoke(invocation: Invocation, events: InvocationEvents): void;
  /**
   * The thread's process has ended with an `info`, goes on at another node, or dies: its connection is destroyed, an operation that is
   * under way is done with an `info`, and the next invocation gets a new one.
   */
  retire(thread: number): void;
}
