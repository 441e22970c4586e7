// Bugs that one workload is there to find: patches of the store in the form of `--mutant FILE`, for tests. Each is the kind of mistake that
// systems do make, and leaves the others' loads alone or nearly so. docs/workloads.md says what was measured; what follows from it is shown
// by `campaign/workload-bugs.test.ts`.

export interface PlantedBug {
  /** The workload that finds it. */
  readonly workload: string;
  readonly title: string;
  /** No other workload found it in the runs that were measured; else this one found it first. */
  readonly alone: boolean;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

const stateMachine = "core/key-value-state-machine.ts";

const atTheNode = "    const waiter: Waiter = { origin: node, incarnation, connection, id: request.id };\n";

/** Answers a get that `when` says from the map of whatever node was asked, if that is of the key's group. */
const localGet = (when: string): Pick<PlantedBug, "file" | "find" | "replace"> => ({
  file: "core/node.ts",
  find: atTheNode,
  replace:
    "    const memory = this as unknown as { last?: Map<unknown, { name: string; key: string }> };\n" +
    "    const lasts = (memory.last ??= new Map());\n" +
    "    const last = lasts.get(connection);\n" +
    '    if (request.type === "operation") {\n' +
    "      const { function: name, key } = request.operation;\n" +
    "      lasts.set(connection, { name, key });\n" +
    `      if (name === "get" && request.group === this.#member.group && ${when}) {\n` +
    "        const { stateMachine, applied } = this.#member.replica;\n" +
    "        const result = stateMachine.apply(request.operation, applied);\n" +
    '        this.#outbox.reply(connection, { type: "result", id: request.id, result });\n' +
    "        return;\n" +
    "      }\n" +
    "    }\n" +
    atTheNode,
});

export const plantedBugs: readonly PlantedBug[] = [
  {
    workload: "set",
    alone: true,
    title: "a value longer than 64 characters is cut off",
    file: stateMachine,
    find: "#set(cell: Cell | undefined, key: string, value: Value): void {\n",
    replace:
      "#set(cell: Cell | undefined, key: string, given: Value): void {\n" +
      '    const value = typeof given === "string" ? given.slice(0, 64) : given;\n',
  },
  {
    workload: "register-small",
    alone: false,
    title: "a cas that finds its new value there already is taken for a repetition and answered ok",
    file: stateMachine,
    find: '        if (observed !== operation.expected) return { function: "cas", status: "mismatch", observed, index };\n',
    replace:
      "        if (observed !== operation.expected && observed === operation.new)\n" +
      '          return { function: "cas", status: "ok", observed: operation.expected, index };\n' +
      '        if (observed !== operation.expected) return { function: "cas", status: "mismatch", observed, index };\n',
  },
  {
    workload: "cas-contention",
    alone: false,
    title:
      "two cas on a key that are decided one after the other are both held against what was there before the first",
    file: stateMachine,
    find: '        if (observed !== operation.expected) return { function: "cas", status: "mismatch", observed, index };\n',
    replace:
      "        const machine = this as unknown as { batch?: { index: number; cell: unknown; before: Value } };\n" +
      "        const batch = machine.batch;\n" +
      "        machine.batch = { index, cell, before: observed };\n" +
      "        const early = batch?.cell === cell && batch.index === index - 1 && batch.before === operation.expected;\n" +
      "        if (observed !== operation.expected && !early)\n" +
      '          return { function: "cas", status: "mismatch", observed, index };\n',
  },
  {
    workload: "counter",
    alone: true,
    title: "a sign is lost: what is below zero is stored as if it were above",
    file: stateMachine,
    find: "#set(cell: Cell | undefined, key: string, value: Value): void {\n",
    replace:
      "#set(cell: Cell | undefined, key: string, given: Value): void {\n" +
      '    const value = typeof given === "string" ? given.replace("-", "") : given;\n',
  },
  {
    workload: "mixed",
    alone: true,
    title: "the map holds eight keys and forgets the oldest for another",
    file: stateMachine,
    find: "      this.#cells.set(key, changed);\n",
    replace:
      "      this.#cells.set(key, changed);\n" +
      "      const [oldest] = this.#cells.keys();\n" +
      "      if (this.#cells.size > 8 && oldest !== undefined) this.#cells.delete(oldest);\n",
  },
  {
    workload: "monotonic",
    alone: false,
    title: "a number is kept in eight bits: after 255 comes 0",
    file: stateMachine,
    find: "#set(cell: Cell | undefined, key: string, value: Value): void {\n",
    replace:
      "#set(cell: Cell | undefined, key: string, given: Value): void {\n" +
      "    const found = /^(\\d+):(\\d+)$/.exec(String(given));\n" +
      "    const value = found === null ? given : `${found[1]}:${Number(found[2]) % 256}`;\n",
  },
  {
    workload: "mutex",
    alone: false,
    title: "a get of the key that the same connection has just swapped is answered from the local map",
    ...localGet('last?.name === "cas" && last.key === key'),
  },
  {
    workload: "scenario-1",
    alone: true,
    title: "a key that reads as the number zero counts as none: what is written to it is lost",
    file: stateMachine,
    find: "#set(cell: Cell | undefined, key: string, value: Value): void {\n",
    replace: "#set(cell: Cell | undefined, key: string, value: Value): void {\n    if (Number(key) === 0) return;\n",
  },
  {
    workload: "scenario-2",
    alone: false,
    title: "a number is kept in one byte: of 290 the low eight bits remain",
    file: stateMachine,
    find: "#set(cell: Cell | undefined, key: string, value: Value): void {\n",
    replace:
      "#set(cell: Cell | undefined, key: string, given: Value): void {\n" +
      '    const value = typeof given === "number" ? given & 0xff : given;\n',
  },
  {
    workload: "scenario-3",
    alone: true,
    title: "a new leader is elected only when every member of the group answers",
    file: "core/ballot-leader-election.ts",
    find: "    const quorumConnected = this.#replies.size + 1 >= this.#majority;\n",
    replace: "    const quorumConnected = this.#replies.size + 1 >= 2 * this.#majority - 1;\n",
  },
];
