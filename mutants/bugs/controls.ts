// Controls: changes of the protocol that look like bugs and break nothing. Whoever convicts one of them judges wrongly.
import type { Mutant } from "../mutant.js";

const promiseWithoutGuard: Mutant = {
  id: "C1",
  kind: "control",
  title: "a Promise without the accepted-ballot guard",
  story:
    "A follower sends its log's tail with every Promise, also when its accepted ballot says that the leader's log is the greater one. " +
    "No bug: the leader compares the reports, not the tails, and drops a tail that it does not choose.",
  schedule: "Any election.",
  checkers: [],
  classes: [],
  realCluster: { shows: "never", why: "it is no bug" },
  patch: {
    file: "core/sequence-paxos-follower.ts",
    find: "splitIntoMessages(greater ? log.slice(base) : [])",
    replace: "splitIntoMessages(greater || !greater ? log.slice(base) : [])",
  },
};

const lateDecide: Mutant = {
  id: "C2",
  kind: "control",
  title: "a late Decide that carries the chosen index",
  story:
    "The leader sends a late promiser, right behind its AcceptSync, a Decide of the index that is decided already. No bug: the " +
    "AcceptSync said the same, and a decided index never shrinks.",
  schedule: "A follower promises after the leader has begun to decide.",
  checkers: [],
  classes: [],
  realCluster: { shows: "never", why: "it is no bug" },
  patch: {
    file: "core/sequence-paxos-leader.ts",
    find: '    if (this.#state.phase === "accept") this.#synchronise(from, peer, peer.promise);\n',
    replace:
      '    if (this.#state.phase === "accept") {\n' +
      "      this.#synchronise(from, peer, peer.promise);\n" +
      "      this.#sendDecide(from, peer);\n" +
      "    }\n",
  },
};

export const controls: readonly Mutant[] = [promiseWithoutGuard, lateDecide];
