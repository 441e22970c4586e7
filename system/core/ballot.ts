// Ballots: totally ordered by (number, priority, node). The course made them from a hash in places; a hash collides, so two
// leaders could share a ballot. Here the node's id is part of the ballot and its number only grows.
import { nodeId, type Ballot } from "./interface.js";

/** Below every ballot that a node ever takes; "nobody". */
export const bottomBallot: Ballot = { number: 0, priority: 0, node: nodeId(0) };

/** Negative, zero or positive as `left` is below, equal to or above `right`. */
export function compareBallots(left: Ballot, right: Ballot): number {
  return left.number - right.number || left.priority - right.priority || left.node - right.node;
}

export function equalBallots(left: Ballot, right: Ballot): boolean {
  return compareBallots(left, right) === 0;
}

export function greaterBallot(left: Ballot, right: Ballot): Ballot {
  return compareBallots(left, right) >= 0 ? left : right;
}

/** `3.0.n2`. */
export function formatBallot(ballot: Ballot): string {
  return `${ballot.number}.${ballot.priority}.n${ballot.node}`;
}
