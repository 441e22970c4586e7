// Bugs of the follower of Sequence Paxos: what it promises, what it takes from whom, and how it notices that something was lost.
import type { Mutant } from "../mutant.js";

const promiseOfTheLeadersIndex: Mutant = {
  id: "M02",
  kind: "must",
  title: "Promise carries the leader's decided index",
  story:
    "A follower reports as decided what the leader has decided, not what it has itself. The leader then synchronises it from an index " +
    "beyond the prefix on which both agree, and a tail of its own, never decided anywhere, survives as if it were; where it has no " +
    "tail, the index is beyond its log, and it asks to be prepared again for ever.",
  schedule:
    "A leader that is cut off appends commands of its own; the others decide different ones at the same places and elect once more, so " +
    "that its accepted ballot is not the greatest; then it comes back and promises late.",
  checkers: ["agreement", "availability"],
  classes: ["replica divergence", "stale read", "value from nowhere", "lost write", "unavailable"],
  realCluster: { shows: "yes", why: "isolating a leader through two elections under load is enough" },
  patch: {
    file: "core/sequence-paxos-follower.ts",
    find: "        decided,\n        base,\n",
    replace: "        decided: prepare.decided,\n        base,\n",
  },
};

const acceptOfAnyBallot: Mutant = {
  id: "M08",
  kind: "must",
  title: "Accept without a ballot check",
  story:
    "A follower takes an Accept of any ballot. Its session and counter are still compared, but every ballot begins with session 1, " +
    "counter 0: an Accept of a deposed leader that comes when the new leader's next one is due is taken in its place, and " +
    "acknowledged under the new ballot. One that does not fit looks like a gap, and its receiver asks the deposed leader, in vain, to " +
    "be prepared again.",
  schedule:
    "A leader synchronises a follower in session 1; its first Accept to it is delayed; another leader synchronises the same follower " +
    "in session 1 of a greater ballot; then the old Accept arrives, before the new leader's first one.",
  checkers: ["agreement", "acknowledged", "linearizability", "availability"],
  classes: ["replica divergence", "lost write", "stale read", "value from nowhere", "unavailable"],
  realCluster: {
    shows: "rarely",
    why: "the old leader's first Accept of a session must be late by an election and still come before the new leader's first",
  },
  patch: {
    file: "core/sequence-paxos.ts",
    find: "#onLeaderMessage(from: NodeId, message: Prepare | AcceptSync | Accept | Decide): void {\n",
    replace:
      "#onLeaderMessage(from: NodeId, message: Prepare | AcceptSync | Accept | Decide): void {\n" +
      '    if (message.type === "Accept" && !this.isLeader) {\n' +
      "      this.#follower.onAccept(from, message);\n" +
      "      return;\n" +
      "    }\n",
  },
};

const uncheckedDecide: Mutant = {
  id: "M09",
  kind: "must",
  title: "Decide taken without phase, session and clamp checks",
  story:
    "A follower takes every Decide of the promised ballot at its word: before it was synchronised, of a session whose AcceptSync it " +
    "never got, and beyond the end of its log. What then stands at those indices, a deposed leader's tail perhaps, is decided.",
  schedule:
    "A deposed leader with a tail of its own promises to its successor; the AcceptSync is lost in a reset, the Decide after it arrives.",
  checkers: ["agreement", "crash"],
  classes: ["replica divergence", "crash", "stale read", "lost write", "value from nowhere", "forked CAS"],
  realCluster: { shows: "yes", why: "connection resets while an old leader comes back" },
  patch: {
    file: "core/sequence-paxos-follower.ts",
    find:
      "    if (!this.#isNext(from, message)) return;\n" +
      "    // Clamped: what is not here yet cannot be decided here, whatever comes to stand at those indices later.\n" +
      "    this.#state.decide(Math.min(message.decided, this.#state.log.length));\n",
    replace:
      "    void from;\n" +
      "    if (message.session === this.#session && message.counter === this.#counter + 1) this.#counter += 1;\n" +
      "    this.#state.decide(message.decided);\n",
  },
};

const noResync: Mutant = {
  id: "M30",
  kind: "must",
  title: "no resync after reconnect",
  story:
    "A follower that lost messages, to a reset or seen by a skipped counter, does not ask to be prepared again. It still ignores what " +
    "does not follow, so nothing diverges; but it never catches up under this leader, and when enough followers have lost something " +
    "the group serves nothing, while heartbeats keep the leader in office.",
  schedule:
    "The leader's connections to its followers are reset while a write is under way to them, for less than an election time-out.",
  checkers: ["availability"],
  classes: ["unavailable"],
  realCluster: {
    shows: "yes",
    why: "short resets of a leader's links under load, to as many followers as make a majority",
  },
  patch: {
    file: "core/sequence-paxos-follower.ts",
    find: '    this.#state.phase = "recover";\n',
    replace: '    if (from !== this.#state.peers) return;\n    this.#state.phase = "recover";\n',
  },
};

const noSessions: Mutant = {
  id: "M31",
  kind: "must",
  title: "session numbers dropped",
  story:
    "A follower tells the messages of a ballot apart by their counter alone. When a second AcceptSync of one ballot crosses the first " +
    "session's messages, the counters of both sessions mix, and an Accept lands at the wrong place. A follower whose AcceptSync was " +
    "lost does not notice it by the messages after it either.",
  schedule:
    "A follower promises twice to one leader, because a link comes up between a Prepare and its repetition; both promises are answered; " +
    "it takes the first AcceptSync and the first session's messages, ignores the second AcceptSync, and goes on with the second session.",
  checkers: ["agreement", "acknowledged", "linearizability", "availability"],
  classes: ["replica divergence", "lost write", "stale read", "value from nowhere", "unavailable"],
  realCluster: {
    shows: "rarely",
    why: "a repeated Prepare, a reconnect and three writes must fall into one round trip",
  },
  patch: {
    file: "core/sequence-paxos-follower.ts",
    find:
      "    if (message.session < this.#session) return false;\n" +
      "    if (message.session > this.#session) {\n" +
      "      this.#gap(from);\n" +
      "      return false;\n" +
      "    }\n",
    replace: "",
  },
};

const noResyncNoSessions: Mutant = {
  id: "M30+M31",
  kind: "must",
  title: "no resync after reconnect, and session numbers and counters dropped",
  story:
    "Followers trust their connections: whatever arrives in the accept phase is taken as the next message, and a new connection is no " +
    "reason to start over. A reset that loses an Accept lets the next one land in its place. M30 as a safety bug: with either guard " +
    "alone the other hides it.",
  schedule: "A connection from the leader is reset and loses an Accept; the next Accept arrives on the new one.",
  checkers: ["agreement", "acknowledged", "linearizability"],
  classes: ["replica divergence", "lost write", "stale read", "value from nowhere", "crash", "forked CAS"],
  realCluster: { shows: "yes", why: "one reset of a leader's link under load is enough" },
  patch: {
    file: "core/sequence-paxos-follower.ts",
    find:
      "    if (message.session < this.#session) return false;\n" +
      "    if (message.session > this.#session) {\n" +
      "      this.#gap(from);\n" +
      "      return false;\n" +
      "    }\n" +
      '    if (phase === "prepare" || message.counter <= this.#counter) return false;\n' +
      "    if (message.counter > this.#counter + 1) {\n" +
      "      this.#gap(from);\n" +
      "      return false;\n" +
      "    }\n" +
      "    this.#counter = message.counter;\n" +
      "    return true;\n" +
      "  }\n" +
      "\n" +
      "  #gap(leader: NodeId): void {\n" +
      '    this.#state.counters.count("gaps");\n' +
      "    this.#recover([leader]);\n" +
      "  }\n" +
      "\n" +
      "  #recover(from: readonly NodeId[]): void {\n",
    replace:
      '    return phase === "accept";\n' +
      "  }\n" +
      "\n" +
      "  #gap(leader: NodeId): void {\n" +
      '    this.#state.counters.count("gaps");\n' +
      "    this.#recover([leader]);\n" +
      "  }\n" +
      "\n" +
      "  #recover(from: readonly NodeId[]): void {\n" +
      "    if (from !== this.#state.peers) return;\n",
  },
};

export const followerBugs: readonly Mutant[] = [
  promiseOfTheLeadersIndex,
  acceptOfAnyBallot,
  uncheckedDecide,
  noResync,
  noSessions,
  noResyncNoSessions,
];
