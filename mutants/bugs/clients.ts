// Bugs of what clients see: reads beside the log, requests applied twice, and a client that takes silence for a no.
import type { Mutant } from "../mutant.js";

const localReadOfALeader: Mutant = {
  id: "M14",
  kind: "must",
  title: "GET from the local map of a self-believed leader",
  story:
    "A node that believes to lead answers GET from its own map instead of through the log. A leader that was replaced while it was " +
    "cut off or paused does not know it, and serves what has long been overwritten.",
  schedule:
    "The leader is cut off; the others elect another and overwrite a key; a client reads it from the old leader.",
  checkers: ["linearizability"],
  classes: ["stale read"],
  realCluster: { shows: "yes", why: "isolating or pausing the leader is enough; the default plan finds it" },
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
  kind: "must",
  title: "follower reads",
  story:
    "Any member of a key's group answers GET from its own map. A follower lags behind the leader, by a round trip on a quiet day " +
    "and by the whole length of a partition on a bad one.",
  schedule: "A write is decided without a follower; a client reads the key from that follower.",
  checkers: ["linearizability"],
  classes: ["stale read"],
  realCluster: { shows: "yes", why: "load alone is enough; the default plan finds it" },
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
  kind: "must",
  title: "no deduplication",
  story:
    "A request that was applied before is applied again. A client that heard nothing asks again; when both attempts come through, " +
    "the second one brings back a value that others have replaced in the meantime.",
  schedule: "The answer to a write is lost; others see it and overwrite it; the client asks again.",
  checkers: ["linearizability"],
  classes: ["resurrected write"],
  realCluster: { shows: "yes", why: "lost answers and retries; the default plan finds it" },
  patch: {
    file: "core/sessions.ts",
    find: "return session.answers.get(number);",
    replace: "return number < 0 ? session.answers.get(number) : undefined;",
  },
};

const timeoutAsFailure: Mutant = {
  id: "M50",
  kind: "should",
  title: "a timeout recorded as fail",
  story:
    "The client reports an operation that was not answered in time as one that did not happen. It may yet happen: a failed write is " +
    "read, and a workload that writes it again writes it twice.",
  schedule:
    "A write is decided, its answer does not come before the client's deadline, and another client reads the value.",
  checkers: ["linearizability"],
  classes: ["read of a failed write"],
  realCluster: { shows: "yes", why: "any fault that delays answers beyond the operation's time-out" },
  patch: {
    file: "client/client-core.ts",
    find: 'const failed = [...open.attempts.values()].every((state) => state === "refused");',
    replace:
      'const failed = error.startsWith("timeout") || [...open.attempts.values()].every((state) => state === "refused");',
  },
};

export const clientBugs: readonly Mutant[] = [localReadOfALeader, followerReads, noDeduplication, timeoutAsFailure];
