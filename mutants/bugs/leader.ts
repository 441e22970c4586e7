// Bugs of the leader of Sequence Paxos: which log it adopts, what it counts, when it answers.
import type { Mutant } from "../mutant.js";

const greatestByBallotOnly: Mutant = {
  id: "M01",
  kind: "must",
  title: "greatest promise by accepted ballot only",
  story:
    "A new leader compares promises by their accepted ballot and not by length. Of two logs of one ballot it may adopt the shorter, " +
    "and so drop commands that the longer one helped to decide.",
  schedule:
    "The leader decides a write with one follower while its messages to the other are lost; the leader is cut off; the other " +
    "follower, whose log is shorter, takes over with the first one's promise.",
  checkers: ["agreement", "acknowledged", "linearizability"],
  classes: ["replica divergence", "lost write", "stale read", "value from nowhere"],
  realCluster: { shows: "yes", why: "a lagging follower that wins the election after its leader is all it needs" },
  patch: {
    file: "core/sequence-paxos-leader.ts",
    find: "return order > 0 || (order === 0 && left.length > right.length);",
    replace: "return order > 0;",
  },
};

const acceptedBallotForgotten: Mutant = {
  id: "M03",
  kind: "must",
  title: "leader forgets to set its accepted ballot",
  story:
    "The leader adopts and extends a log without noting that it accepted it under its own ballot. In the next election its log counts " +
    "for less than one that was accepted earlier, though its own helped to decide.",
  schedule:
    "The leader decides a write with one follower while its messages to the other are lost; the first follower goes down, the leader " +
    "restarts or steps down, and the other takes over with the leader's promise.",
  checkers: ["agreement", "acknowledged", "linearizability"],
  classes: ["replica divergence", "lost write", "stale read", "value from nowhere"],
  realCluster: { shows: "yes", why: "leader changes among three nodes with one of them behind" },
  patch: {
    file: "core/sequence-paxos-leader.ts",
    find: "    state.accept(this.#ballot);\n",
    replace: "",
  },
};

const commitBelowQuorum: Mutant = {
  id: "M11",
  kind: "must",
  title: "commit at quorum-1",
  story:
    "One acceptance fewer than a majority decides: of three nodes a single disk, of five two. A leader that is cut off decides alone.",
  schedule: "The leader is cut off from the majority and takes a write; the others elect another and take one as well.",
  checkers: ["agreement", "acknowledged", "linearizability"],
  classes: ["replica divergence", "lost write", "stale read", "value from nowhere"],
  realCluster: { shows: "yes", why: "isolating the leader for an election time-out is enough" },
  patch: {
    file: "core/sequence-paxos-leader.ts",
    find: "return lengths[this.#state.majority - 1] ?? 0;",
    replace: "return lengths[this.#state.majority - 2] ?? 0;",
  },
};

const replyBeforeTheQuorum: Mutant = {
  id: "M13",
  kind: "must",
  title: "reply before the quorum",
  story:
    "The leader applies and answers a command as soon as it stands in its own log. A leader that is cut off acknowledges writes " +
    "that its successor never hears of, and reads them back to its own clients until it is deposed.",
  schedule: "The leader is cut off from the majority and takes a write; the others elect another.",
  checkers: ["acknowledged", "linearizability"],
  classes: ["lost write", "value from nowhere", "read of a failed write"],
  realCluster: { shows: "yes", why: "isolating the leader is enough; the default plan finds it" },
  patch: {
    file: "core/node.ts",
    find: "return paxos.state.decided;",
    replace: 'return paxos.isLeader && paxos.state.phase === "accept" ? paxos.state.log.length : paxos.state.decided;',
  },
};

export const leaderBugs: readonly Mutant[] = [
  greatestByBallotOnly,
  acceptedBallotForgotten,
  commitBelowQuorum,
  replyBeforeTheQuorum,
];
