// Copies of requests, for faults of clients: a frame that was sent goes out again, as often and as fast as the fault asks, and what is
// answered a further time is counted. The core knows nothing of it: a second answer is one that it ignores.
import type { RequestRepeat } from "../../cluster/index.js";

/** Requests that are copied or whose further answers are waited for, at most: those before are forgotten. */
const mostRequests = 64;

interface Copied {
  readonly tell: (what: "sent" | "answered") => void;
  answers: number;
  timer: NodeJS.Timeout | null;
  /** Copies still to send. */
  left: number;
  readonly untilAnswered: boolean;
}

export class RequestRepeater {
  readonly #requests = new Map<number, Copied>();

  /** The request `id` has just been written for the first time; `again` writes it once more. */
  start(id: number, { copies, everyMs, untilAnswered }: RequestRepeat, again: () => void, tell: Copied["tell"]): void {
    const request: Copied = { tell, answers: 0, timer: null, left: copies, untilAnswered };
    request.timer = setInterval(() => {
      if (request.left === 0) return this.#stop(request);
      request.left -= 1;
      tell("sent");
      again();
    }, everyMs);
    this.#requests.set(id, request);
    const [oldest] = this.#requests;
    if (this.#requests.size > mostRequests && oldest !== undefined) {
      this.#stop(oldest[1]);
      this.#requests.delete(oldest[0]);
    }
  }

  /** A result or a refusal of the request has come. */
  answered(id: number): void {
    const request = this.#requests.get(id);
    if (request === undefined) return;
    request.answers += 1;
    if (request.answers > 1) request.tell("answered");
    if (request.untilAnswered) this.#stop(request);
  }

  /** The operation has ended, answered or not. */
  ended(): void {
    for (const request of this.#requests.values()) if (request.untilAnswered) this.#stop(request);
  }

  /** The connection is gone: nothing can be sent again, and no answer comes. */
  stop(): void {
    for (const request of this.#requests.values()) this.#stop(request);
    this.#requests.clear();
  }

  #stop(request: Copied): void {
    if (request.timer !== null) clearInterval(request.timer);
    request.timer = null;
  }
}
