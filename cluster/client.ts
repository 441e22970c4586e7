// The contract of a client: one process, one node, one connection at most, one operation at a time.
import type { JsonValue, Outcome } from "../history/index.js";

export interface ClientRequest {
  readonly function: string;
  readonly key: JsonValue;
  readonly input: JsonValue;
}

/**
 * The outcome over all attempts. `fail` only when no byte was handed to the socket, or the system documents the refusal
 * as definite and no earlier attempt is of unknown outcome.
 */
export interface ClientReply {
  readonly outcome: Outcome;
  readonly output: JsonValue;
  readonly error: string | null;
  readonly attempts: number;
  readonly systemIndex: number | null;
}

/** Stamps for the recorder, called synchronously by the client. */
export interface ClientHooks {
  /** Immediately before the request's first byte is handed to the socket; at most once for an invocation. */
  called(): void;
  /** In the data handler, before parsing, of the reply that completes the invocation; at most once. */
  returned(): void;
  /** A copy of a request was handed to the socket, or a request was answered a further time; also after the invocation has ended. */
  repeated?(what: "sent" | "answered"): void;
}

/** How a fault has a client send each request of an operation more than once. */
export interface RequestRepeat {
  /** At most so many further times. */
  readonly copies: number;
  /** So long after the one before. */
  readonly everyMs: number;
  /** Only until the operation has ended; otherwise the copies go out all the same. */
  readonly untilAnswered: boolean;
}

export interface ClientInvocation extends ClientRequest {
  readonly timeoutMs: number;
  /** A fault asks for copies; only of clients whose system says that they can (`repeatsRequests`). */
  readonly repeat?: RequestRepeat | null;
}

export interface Client {
  /**
   * Never rejects for trouble of the system or the network: that is an outcome. Rejects only on misuse (a second
   * invocation while one is open). After an `info` the client is of no more use and is closed by its owner.
   */
  invoke(invocation: ClientInvocation, hooks: ClientHooks): Promise<ClientReply>;
  /** Destroys the connection at once. Safe to call twice. */
  close(): void;
}
