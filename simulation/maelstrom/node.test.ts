// Shows the store as nodes of Maelstrom's lin-kv workload: three of them in virtual time over a network that loses and delays and is
// cut in two for a while; what their clients were answered is judged. And what is said to nonsense.
import { expect, test } from "vitest";
import { check } from "../../checker/index.js";
import { createRandom, type JsonValue, type Operation } from "../../history/index.js";
import { deterministicSystem } from "../../system/runtime/deterministic.js";
import { MaelstromNode } from "./node.js";
import type { MaelstromBody, MaelstromMessage } from "./protocol.js";

const names = ["n1", "n2", "n3"];

/** The network, the nodes and the time; `onAnswer` hears what clients are sent. */
class Bench {
  nowMs = 0;
  readonly nodes: readonly MaelstromNode[];
  readonly #underWay: { readonly atMs: number; readonly message: MaelstromMessage }[] = [];
  readonly #random;
  lossShare = 0;
  cutOff: string | null = null;

  constructor(
    seed: number,
    readonly onAnswer: (message: MaelstromMessage) => void,
  ) {
    this.#random = createRandom(seed, "maelstrom");
    this.nodes = names.map((name) => new MaelstromNode({ system: deterministicSystem, identity: `disk of ${name}` }));
  }

  send(message: MaelstromMessage): void {
    const between = names.includes(message.src);
    if (between && (this.#random.chance(this.lossShare) || [message.src, message.dest].includes(this.cutOff ?? "")))
      return;
    this.#underWay.push({ atMs: this.nowMs + this.#random.integer(0, between ? 40 : 5), message });
  }

  step(): void {
    const due = this.#underWay.filter(({ atMs }) => atMs <= this.nowMs);
    for (const one of due) {
      this.#underWay.splice(this.#underWay.indexOf(one), 1);
      const { message } = one;
      const node = this.nodes[names.indexOf(message.dest)];
      if (node === undefined) this.onAnswer(message);
      else this.#print(node.receive([JSON.stringify(message)], this.nowMs));
    }
    if (this.nowMs % 30 === 0) for (const node of this.nodes) this.#print(node.tick(this.nowMs));
    this.nowMs += 5;
  }

  #print(lines: readonly string[]): void {
    for (const line of lines) {
      const message = JSON.parse(line) as MaelstromMessage;
      if (names.includes(message.dest)) this.send(message);
      else this.#underWay.push({ atMs: this.nowMs + 1, message });
    }
  }
}

function initialise(bench: Bench): void {
  for (const name of names)
    bench.send({ src: "c0", dest: name, body: { type: "init", msg_id: 1, node_id: name, node_ids: names } });
}

test.each([1, 2, 3])("three nodes over a poor network are linearizable (seed %i)", async (seed) => {
  const random = createRandom(seed, "maelstrom clients");
  const open = new Map<string, { readonly body: MaelstromBody; readonly calledMs: number }>();
  const operations: Operation[] = [];
  const counts = { ok: 0, fail: 0, info: 0 };
  const finish = (client: string, type: "ok" | "fail" | "info", output: JsonValue): void => {
    const called = open.get(client);
    if (called === undefined) return;
    open.delete(client);
    counts[type] += 1;
    const { body, calledMs } = called;
    const input =
      body.type === "write"
        ? (body["value"] ?? null)
        : body.type === "cas"
          ? { expected: body["from"] ?? null, new: body["to"] ?? null }
          : null;
    operations.push({
      index: operations.length,
      process: Number(client.slice(1)),
      function: body.type === "write" ? "put" : body.type === "read" ? "get" : "cas",
      key: body["key"] ?? null,
      input,
      output,
      outcome: type,
      error: null,
      callNs: calledMs * 1e6,
      returnNs: type === "info" ? null : bench.nowMs * 1e6,
      node: null,
      callEvent: operations.length,
      returnEvent: null,
    });
  };
  const bench = new Bench(seed, ({ dest, body }) => {
    if (body.type === "init_ok") return;
    const { type, code } = body;
    if (type === "read_ok") finish(dest, "ok", body["value"] ?? null);
    else if (type === "write_ok") finish(dest, "ok", null);
    else if (type === "cas_ok") finish(dest, "ok", { status: "ok", observed: open.get(dest)?.body["from"] ?? null });
    else if (code === 20 && open.get(dest)?.body.type === "read") finish(dest, "ok", null);
    else finish(dest, code === 0 ? "info" : "fail", null);
  });
  initialise(bench);
  let ids = 1;
  let clients = 0;
  bench.lossShare = 0.05;
  while (bench.nowMs < 20_000) {
    bench.cutOff = bench.nowMs > 6_000 && bench.nowMs < 10_000 ? "n1" : null;
    if (bench.nowMs > 1_000 && bench.nowMs < 16_000 && open.size < 6 && random.chance(0.4)) {
      // Every operation has a client of its own, as one that got no answer never speaks again.
      clients += 1;
      ids += 1;
      const body: MaelstromBody = random.pick([
        { type: "read", msg_id: ids, key: random.integer(0, 2) },
        { type: "write", msg_id: ids, key: random.integer(0, 2), value: random.integer(0, 4) },
        { type: "cas", msg_id: ids, key: random.integer(0, 2), from: random.integer(0, 4), to: random.integer(0, 4) },
      ]);
      open.set(`c${clients}`, { body, calledMs: bench.nowMs });
      bench.send({ src: `c${clients}`, dest: random.pick(names), body });
    }
    bench.step();
  }
  for (const client of open.keys()) finish(client, "info", null);
  expect(counts.ok).toBeGreaterThan(100);
  const verdict = await check(operations, "cas-register", { initial: null });
  expect(verdict.valid).toBe(true);
});

test("nonsense is refused by name, and a line that is no message is an error that says so", () => {
  const node = new MaelstromNode({ system: deterministicSystem, identity: "disk of n1" });
  const ask = (body: MaelstromBody): unknown => {
    const lines = node.receive([JSON.stringify({ src: "c1", dest: "n1", body })], 0);
    return lines
      .map((line) => (JSON.parse(line) as MaelstromMessage).body)
      .find((one) => one.in_reply_to !== undefined);
  };
  expect(ask({ type: "read", msg_id: 7, key: 1 })).toMatchObject({ type: "error", code: 11, in_reply_to: 7 });
  expect(ask({ type: "init", msg_id: 8, node_id: "n9", node_ids: ["n1"] })).toMatchObject({ type: "error", code: 12 });
  expect(ask({ type: "init", msg_id: 9, node_id: "n1", node_ids: ["n1"] })).toMatchObject({ type: "init_ok" });
  expect(ask({ type: "init", msg_id: 10, node_id: "n1", node_ids: ["n1"] })).toMatchObject({ type: "error", code: 12 });
  expect(ask({ type: "echo", msg_id: 11, echo: 1 })).toMatchObject({ type: "error", code: 10 });
  expect(() => node.receive(["{}"], 0)).toThrow(/without src or dest/);
});
