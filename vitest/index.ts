// Minos inside vitest: matchers that judge histories, a campaign whose runs are tests, and a fixture that boots a cluster for a test.
// Importing this registers the matchers; a failing test tells the report's path, the seed and the line that does it again.
//
// `toSatisfy` exists in vitest: it takes a function and asks whether the answer is truthy. The result of a checker is an object, which is
// always truthy, so that a checker in the place of a predicate would pass whatever it found. Here the name takes both: functions as before,
// and checkers, which are objects with a method `check`. Where this import was forgotten, vitest fails on such an object instead of passing.
import { expect } from "vitest";
import type { AnyModel } from "../checker/index.js";
import {
  isHistoryChecker,
  matchChecker,
  matchLinearizable,
  type HistoryChecker,
  type LinearizableOptions,
} from "./matchers.js";
import { matchPredicate } from "./predicate.js";

export { campaign, type CampaignTests } from "./campaign.js";
export { clusterTest, type ClusterTestOptions } from "./cluster-test.js";
export type { ClusterFixture, TestClient } from "./cluster-fixture.js";
export type { RunAttachment } from "./attach.js";
export type { HistoryChecker, LinearizableOptions } from "./matchers.js";

declare module "vitest" {
  interface Matchers<T> {
    /** Of a history: the answers have an order that the model allows. Fails too, also negated, when that cannot be told. */
    toBeLinearizable(model: string | AnyModel, options?: LinearizableOptions): void;
  }
  interface Assertion<T> {
    /** A predicate as in vitest, or a checker of histories. What a checker leaves unknown fails, also negated. */
    toSatisfy: {
      (matcher: (value: T) => boolean, message?: string): void;
      (checker: HistoryChecker): void;
    };
  }
}

expect.extend({
  toBeLinearizable(received: unknown, model: string | AnyModel, options: LinearizableOptions = {}) {
    return matchLinearizable(received, model, options, this.isNot);
  },
  toSatisfy(received: unknown, expected: unknown, message?: string) {
    if (isHistoryChecker(expected)) return matchChecker(received, expected, this.isNot);
    return matchPredicate(received, expected, message, this);
  },
});
