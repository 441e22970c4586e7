// The planted bugs, by id. Each is one place of the store's sources.
import type { Mutant } from "./mutant.js";

const replyBeforeTheQuorum: Mutant = {
  id: "M13",
  title: "reply before the quorum",
  story:
    "The leader applies and answers a command as soon as it stands in its own log. A leader that is cut off acknowledges writes " +
    "that its successor never hears of, and reads them back to its own clients until it is deposed.",
  classes: ["lost write", "value from nowhere", "read of a failed write"],
  patch: {
    file: "core/node.ts",
    find: "return paxos.state.decided;",
    replace: 'return paxos.isLeader && paxos.state.phase === "accept" ? paxos.state.log.length : paxos.state.decided;',
  },
};

const localReadOfALeader: Mutant = {
  id: "M14",
  title: "GET from the local map of a self-believed leader",
  story:
    "A node that believes to lead answers GET from its own map instead of through the log. A leader that was replaced while it was " +
    "cut off or paused does not know it, and serves what has long been overwritten.",
  classes: ["stale read"],
  patch: {
    file: "core/node.ts",
    find: "propose: (command: Command) => {\n",
    replace:
      "propose: (command: Command) => {\n" +
      '        if (command.type === "operation" && command.operation.function === "get") {\n' +
      "          const result = replica.stateMachine.apply(command.operation, replica.applied);\n" +
      '          router.answer(command.waiter, { type: "result", id: command.waiter.id, result });\n' +
      "          return true;\n" +
      "        }\n",
  },
};

const followerReads: Mutant = {
  id: "M15",
  title: "follower reads",
  story:
    "Any member of a key's group answers GET from its own map. A follower lags behind the leader, by a round trip on a quiet day " +
    "and by the whole length of a partition on a bad one.",
  classes: ["stale read"],
  patch: {
    file: "core/node.ts",
    find: "    const waiter: Waiter = { origin: node, incarnation, connection, id: request.id };\n",
    replace:
      '    if (request.type === "operation" && request.operation.function === "get" && request.group === this.#member.group) {\n' +
      "      const { stateMachine, applied } = this.#member.replica;\n" +
      "      const result = stateMachine.apply(request.operation, applied);\n" +
      '      this.#outbox.reply(connection, { type: "result", id: request.id, result });\n' +
      "      return;\n" +
      "    }\n" +
      "    const waiter: Waiter = { origin: node, incarnation, connection, id: request.id };\n",
  },
};

const noDeduplication: Mutant = {
  id: "M33",
  title: "no deduplication",
  story:
    "A request that was applied before is applied again. A client that heard nothing asks again; when both attempts come through, " +
    "the second one brings back a value that others have replaced in the meantime.",
  classes: ["resurrected write"],
  patch: {
    file: "core/sessions.ts",
    find: "return session.answers.get(number);",
    replace: "return number < 0 ? session.answers.get(number) : undefined;",
  },
};

const all = [replyBeforeTheQuorum, localReadOfALeader, followerReads, noDeduplication];

export const mutants: ReadonlyMap<string, Mutant> = new Map(all.map((mutant) => [mutant.id, mutant]));
