// Bugs of ballots and of the ballot leader election.
import type { Mutant } from "../mutant.js";

const equalBallotsOfTwo: Mutant = {
  id: "M26",
  kind: "must",
  title: "ballots not unique",
  story:
    "Ballots are compared without their owner, so two nodes that take over at the same time share one. An acceptor still promises an " +
    "equal ballot once only, unless it restarts in between: then both lead, and acceptances for one count for the other. Where it does " +
    "not restart, a candidate that shares its ballot with the leader is never told of it and never promised, and never steps down.",
  schedule:
    "Two nodes that do not hear each other take over with the same number; the third promises to one, restarts, and promises to the " +
    "other; both propose, and its acceptances reach the first.",
  checkers: ["agreement", "acknowledged", "linearizability", "availability"],
  classes: [
    "replica divergence",
    "lost write",
    "unavailable",
    "stale read",
    "value from nowhere",
    "crash",
    "forked CAS",
  ],
  realCluster: {
    shows: "rarely",
    why:
      "divergence needs a partition between two candidates and a restart of the third node between their rounds; a candidate that never " +
      "steps down leaves only its own clients without answers, which a verdict on the whole group does not count",
  },
  patch: {
    file: "core/ballot.ts",
    find: "return left.number - right.number || left.priority - right.priority || left.node - right.node;",
    replace:
      "return left.number - right.number || left.priority - right.priority || (left.number === 0 ? left.node - right.node : 0);",
  },
};

const gossip: Mutant = {
  id: "M47",
  kind: "must",
  title: "election gossips the greatest ballot",
  story:
    "A heartbeat reply carries the greatest ballot that its sender knows instead of its own. Two followers of a dead leader then hear " +
    "its ballot from one another, believe that it lives and stay happy: nobody takes over, ever. (In the course's election the same " +
    "gossip makes the ends of a chain depose each other for ever; here the rule that all neighbours must be unhappy hides that.)",
  schedule: "The leader goes down, or is cut off from all others.",
  checkers: ["availability"],
  classes: ["unavailable"],
  realCluster: { shows: "yes", why: "killing the leader is enough" },
  patch: {
    file: "core/ballot-leader-election.ts",
    find: "      ballot: this.#ballot,\n      leader: this.#leader,\n",
    replace: "      ballot: greaterBallot(this.#ballot, this.#leader),\n      leader: this.#leader,\n",
  },
};

const takeOverWithoutQuorum: Mutant = {
  id: "M48",
  kind: "should",
  title: "election without the quorum-connected check",
  story:
    "A node takes over though it hears no majority. Where only one node is connected to a majority, the others outbid it with ballots " +
    "under which they can never be promised enough, and the group serves nothing for much longer than four election time-outs. Once all " +
    "is healed it serves again, so a verdict on the quiet phase alone does not see it: the bound must be held while the links are cut.",
  schedule: "Quorum loss: all nodes of five are connected to one only, and that one is not the leader.",
  checkers: ["availability"],
  classes: ["unavailable"],
  realCluster: {
    shows: "rarely",
    why: "a star around a follower shows it as a long election; a run's verdict judges the time after the healing only",
  },
  patch: {
    file: "core/ballot-leader-election.ts",
    find: "const quorumConnected = this.#replies.size + 1 >= this.#majority;",
    replace: "const quorumConnected = this.#majority > 0;",
  },
};

export const electionBugs: readonly Mutant[] = [equalBallotsOfTwo, gossip, takeOverWithoutQuorum];
