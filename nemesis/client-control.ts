// What a nemesis can do to the clients of a run, and what it can see of them: who runs the load hands this to it.
import type { NodeName, RequestRepeat } from "../cluster/index.js";

/** Of the clients of one node, since the run began. */
export interface ClientCounts {
  /** Operations that their calls are recorded of. */
  readonly called: number;
  /** Operations whose client died in mid-request, so that nobody knows what became of them. */
  readonly lost: number;
  /** Clients that died so and whose successors have not been answered since. */
  readonly unanswered: number;
  /** Copies of requests that were handed to sockets. */
  readonly copies: number;
  /** Requests that were answered a further time. */
  readonly answeredAgain: number;
}

/** What is done to clients. */
export type ClientTrouble = { readonly how: "die" } | { readonly how: "repeat"; readonly repeat: RequestRepeat };

export interface ClientControl {
  /**
   * Until `null`: each client of these nodes dies once, a moment after it sent a request, and another one takes its place at once; or
   * each request of theirs goes out more than once.
   */
  trouble(nodes: readonly NodeName[], trouble: ClientTrouble | null): void;
  counts(node: NodeName): ClientCounts;
}
