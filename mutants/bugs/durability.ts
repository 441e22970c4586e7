// Bugs of what survives a crash: what is written, when it is relied on, and what is read back.
import type { Mutant } from "../mutant.js";

const promiseInMemory: Mutant = {
  id: "M19",
  kind: "must",
  title: "promise not persisted",
  story:
    "A follower keeps a promise in memory until it accepts something under it. If it crashes in between, it comes back knowing only " +
    "the older promise, and helps the old leader to decide after the new one has counted it.",
  schedule:
    "An acceptor crashes between its Promise and the AcceptSync that answers it, and restarts while the old leader still reaches it and " +
    "the new one does not.",
  checkers: ["agreement", "acknowledged", "linearizability"],
  classes: ["replica divergence", "lost write", "stale read", "value from nowhere"],
  realCluster: {
    shows: "rarely",
    why: "kill -9 loses what was never written, but it must hit between Promise and AcceptSync, one round trip",
  },
  patch: {
    file: "core/sequence-paxos-state.ts",
    find:
      '    this.outbox.store({ type: "promised", ballot });\n' +
      "    this.hooks.promised(ballot);\n" +
      "  }\n" +
      "\n" +
      "  accept(ballot: Ballot): void {\n",
    replace:
      '    if (this.role === "leader") this.outbox.store({ type: "promised", ballot });\n' +
      "    this.hooks.promised(ballot);\n" +
      "  }\n" +
      "\n" +
      "  accept(ballot: Ballot): void {\n" +
      '    this.outbox.store({ type: "promised", ballot });\n',
  },
};

const acceptedInMemory: Mutant = {
  id: "M20",
  kind: "must",
  title: "accepted ballot not persisted",
  story:
    "The log is durable, the ballot under which it was accepted is not. After a restart the log counts as if it had been accepted " +
    "under no ballot at all, and loses an election against a tail that was never decided.",
  schedule:
    "A leader that is cut off has a tail of its own; the others decide under a greater ballot; one of them restarts, and the old leader " +
    "takes over with its promise.",
  checkers: ["agreement", "acknowledged", "linearizability"],
  classes: ["replica divergence", "lost write", "stale read", "value from nowhere", "crash"],
  realCluster: { shows: "yes", why: "the ballot is never written, so kill -9 loses it" },
  patch: {
    file: "core/sequence-paxos-state.ts",
    find: '    this.#accepted = ballot;\n    this.outbox.store({ type: "accepted", ballot });\n',
    replace: "    this.#accepted = ballot;\n",
  },
};

const acceptedBeforeFsync: Mutant = {
  id: "M21",
  kind: "must",
  title: "no fsync before Accepted",
  story:
    "A follower says Accepted while its write is still under way. The leader decides and answers; a power loss at the follower takes the " +
    "write back, and a majority of disks no longer holds what a client was told.",
  schedule:
    "A leader decides a write with one follower, whose disk is slow; that follower loses power before the write is durable and comes " +
    "back; the leader is cut off; the follower and the third node elect one of themselves.",
  checkers: ["acknowledged", "linearizability", "agreement"],
  classes: ["lost write", "replica divergence", "stale read", "value from nowhere"],
  realCluster: {
    shows: "no",
    why: "the page cache survives kill -9; only what had not even been handed to the kernel is lost, within one fsync of Accepted",
  },
  patch: {
    file: "core/sequence-paxos-follower.ts",
    find: '    outbox.sendAfterPersist(promised.node, { type: "Accepted", ballot: promised, length: log.length });',
    replace: '    outbox.sendNow(promised.node, { type: "Accepted", ballot: promised, length: log.length } as never);',
  },
};

const tornTail: Mutant = {
  id: "M22",
  kind: "must",
  title: "torn tail accepted",
  story:
    "At a restart the last batch of the write-ahead log is believed without its checksum. Where a power loss left only some of its " +
    "sectors, the node comes back with commands that nobody asked for, or cannot read its log at all.",
  schedule: "A node loses power while a batch is being written, and some of its sectors reach the disk.",
  checkers: ["linearizability", "crash", "agreement"],
  classes: ["value from nowhere", "crash", "replica divergence"],
  realCluster: { shows: "no", why: "a process that is killed tears no write: the kernel finishes it" },
  patch: {
    file: "runtime/wal-format.ts",
    find: "  if (segment.readUInt32LE(at + 16) !== batchChecksum(segment, at, length, salt)) return null;\n",
    replace: "  void salt;\n",
  },
};

const twoFiles: Mutant = {
  id: "M24",
  kind: "should",
  title: "ballot and log in two files",
  story:
    "Accepted ballot and log are written one after the other instead of at once. A crash in between leaves a log under a ballot in " +
    "which it was never accepted: a tail that nobody decided counts as the newest there is, and beats what was decided.",
  schedule:
    "A leader that is cut off has a tail of its own; the others decide under a greater ballot; it comes back, is synchronised, and " +
    "crashes between the two writes; then the new leader is cut off and the others elect one of themselves.",
  checkers: ["agreement", "acknowledged", "linearizability"],
  classes: ["replica divergence", "lost write", "stale read", "value from nowhere"],
  realCluster: {
    shows: "rarely",
    why: "kill -9 must hit between two group commits, well below a millisecond, and the leader must go before it repairs the log",
  },
  patch: {
    file: "core/outbox.ts",
    find:
      "    const persist = this.#operations.length === 0 ? null : { write: ++this.#lastWrite, operations: this.#operations };\n" +
      "    const sendAfterPersist: AfterPersist[] = [];\n" +
      "    for (const [to, answers] of this.#answers)\n" +
      '      sendAfterPersist.push({ after: 0, to, message: { type: "RoutedReply", answers } });\n' +
      "    for (const { to, message } of this.#guarded) sendAfterPersist.push({ after: this.#lastWrite, to, message });\n" +
      "    const effects: CoreEffects = { sendNow: this.#now, persist, sendAfterPersist, replies: this.#replies };\n" +
      "    this.#now = [];\n" +
      "    this.#guarded = [];\n" +
      "    this.#operations = [];\n",
    replace:
      '    const ballots = this.#operations.filter(({ type }) => type === "accepted" || type === "promised");\n' +
      '    const log = this.#operations.filter(({ type }) => type !== "accepted" && type !== "promised");\n' +
      '    const split = log.length > 0 && ballots.some(({ type }) => type === "accepted");\n' +
      "    const waiting = split ? this.#guarded : [];\n" +
      "    if (split) {\n" +
      "      this.#guarded = [];\n" +
      "      this.#operations = ballots;\n" +
      "    }\n" +
      "    const persist = this.#operations.length === 0 ? null : { write: ++this.#lastWrite, operations: this.#operations };\n" +
      "    const sendAfterPersist: AfterPersist[] = [];\n" +
      "    for (const [to, answers] of this.#answers)\n" +
      '      sendAfterPersist.push({ after: 0, to, message: { type: "RoutedReply", answers } });\n' +
      "    for (const { to, message } of this.#guarded) sendAfterPersist.push({ after: this.#lastWrite, to, message });\n" +
      "    const effects: CoreEffects = { sendNow: this.#now, persist, sendAfterPersist, replies: this.#replies };\n" +
      "    this.#now = [];\n" +
      "    this.#guarded = waiting;\n" +
      "    this.#operations = split ? log : [];\n",
  },
};

const resumedLeadership: Mutant = {
  id: "M41",
  kind: "must",
  title: "restarted leader keeps its ballot",
  story:
    "A node that restarts and finds its own ballot as its promise leads on under it. What it had sent and not yet stored is unknown to " +
    "it, so it proposes other commands at the same places under the same ballot, and two different logs of one ballot exist.",
  schedule:
    "A leader sends an Accept to one follower and crashes before its own write is durable; it restarts, reaches the other follower and " +
    "takes a write; then the first follower takes over.",
  checkers: ["agreement", "acknowledged", "linearizability"],
  classes: ["replica divergence", "lost write", "stale read", "value from nowhere", "crash"],
  realCluster: {
    shows: "rarely",
    why: "kill -9 must hit while an Accept is out and the leader's own batch waits for the fsync before it",
  },
  patch: {
    file: "core/sequence-paxos.ts",
    find: "    this.state.restore(state);\n    if (state.promised.number > 0) this.#follower.restart();\n",
    replace:
      "    const { promised, accepted } = state;\n" +
      "    if (promised.number > 0 && promised.node === this.state.self) {\n" +
      "      const below = { ...promised, number: promised.number - 1 };\n" +
      "      this.state.restore({ ...state, promised: below, accepted: { ...below, number: 0 } });\n" +
      "      this.state.accept(accepted);\n" +
      "      this.#leader.start(promised);\n" +
      "      return;\n" +
      "    }\n" +
      "    this.state.restore(state);\n" +
      "    if (promised.number > 0) this.#follower.restart();\n",
  },
};

export const durabilityBugs: readonly Mutant[] = [
  promiseInMemory,
  acceptedInMemory,
  acceptedBeforeFsync,
  tornTail,
  twoFiles,
  resumedLeadership,
];
