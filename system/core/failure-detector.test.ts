// The eventually perfect failure detector alone: two peers that answer or not, period by period.
import { expect, test } from "vitest";

import { BestEffortBroadcast } from "./broadcast.js";
import { Counters } from "./counters.js";
import { FailureDetector } from "./failure-detector.js";
import { nodeId } from "./interface.js";
import { Outbox } from "./outbox.js";

const timing = { heartbeat: 1, resend: 1, detector: 10, detectorStep: 5 };
const peers = [2, 3].map(nodeId);

class Watch {
  readonly detector: FailureDetector;
  readonly #outbox = new Outbox();
  #sequence = 0;

  constructor() {
    const broadcast = new BestEffortBroadcast(this.#outbox, peers);
    this.detector = new FailureDetector(timing, peers, this.#outbox, broadcast, new Counters());
  }

  /** One period, at whose end a new request goes out; gives whom it went to. */
  period(): number[] {
    for (let tick = this.detector.period; tick > 0; tick -= 1) this.detector.onTick();
    const requests = this.#outbox.flush().sendNow.filter(({ message }) => message.type === "HeartbeatRequest");
    for (const { message } of requests) if (message.type === "HeartbeatRequest") this.#sequence = message.sequence;
    return requests.map(({ to }) => to);
  }

  answer(...from: readonly number[]): void {
    for (const peer of from)
      this.detector.onHeartbeatReply(nodeId(peer), { type: "HeartbeatReply", sequence: this.#sequence });
  }
}

test("the own group is asked each period", () => {
  const watch = new Watch();
  expect(watch.period()).toEqual([2, 3]);
});

test("a request is answered with its sequence", () => {
  const outbox = new Outbox();
  const detector = new FailureDetector(timing, peers, outbox, new BestEffortBroadcast(outbox, peers), new Counters());
  detector.onHeartbeatRequest(nodeId(2), { type: "HeartbeatRequest", sequence: 6 });
  expect(outbox.flush().sendNow).toEqual([{ to: 2, message: { type: "HeartbeatReply", sequence: 6 } }]);
});

test("a peer that does not answer within a period is suspected, and the other is not", () => {
  const watch = new Watch();
  watch.period();
  watch.answer(2);
  watch.period();
  expect(watch.detector.suspected).toEqual([3]);
  expect(watch.detector.isSuspected(nodeId(2))).toBe(false);
});

test("nobody is suspected before he was asked", () => {
  const watch = new Watch();
  watch.period();
  expect(watch.detector.suspected).toEqual([]);
});

test("a suspected peer that answers is restored, and the period grows: the suspicion was false", () => {
  const watch = new Watch();
  watch.period();
  watch.period();
  expect(watch.detector.suspected).toEqual([2, 3]);
  watch.answer(2, 3);
  watch.period();
  expect(watch.detector.suspected).toEqual([]);
  expect(watch.detector.period).toBe(15);
});

test("a right suspicion leaves the period as it is", () => {
  const watch = new Watch();
  for (let period = 0; period < 5; period += 1) {
    watch.period();
    watch.answer(2);
  }
  expect(watch.detector.suspected).toEqual([3]);
  expect(watch.detector.period).toBe(10);
});

test("the period grows to a limit", () => {
  const watch = new Watch();
  for (let round = 0; round < 200; round += 1) {
    watch.period();
    watch.period();
    watch.answer(2, 3);
    watch.period();
  }
  expect(watch.detector.period).toBe(200);
});
