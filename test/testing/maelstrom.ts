// A small runner of Maelstrom's protocol: it starts the nodes as processes, is the network between them (late, lossy, cut in two when asked),
// and its clients call lin-kv's operations and keep what they were told as a history.
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { createRandom, type JsonValue, type Operation, type Random } from "../../history/index.js";

interface Body {
  readonly type: string;
  readonly [field: string]: JsonValue;
}

interface Message {
  readonly src: string;
  readonly dest: string;
  readonly body: Body;
}

export interface NetworkOptions {
  readonly command: readonly [program: string, ...words: string[]];
  readonly nodes: number;
  readonly seed: number;
  /** Longest delay of a message between nodes. */
  readonly latencyMs: number;
  /** Share of messages between nodes that are lost. */
  readonly lossShare: number;
}

export class MaelstromNetwork {
  readonly names: readonly string[];
  /** Cut off from all other nodes, while its clients still reach it. */
  cutOff: string | null = null;
  delivered = 0;
  errors = "";
  readonly #options: NetworkOptions;
  readonly #random: Random;
  readonly #processes: ReadonlyMap<string, ChildProcessWithoutNullStreams>;
  readonly #waiting = new Map<string, (body: Body) => void>();
  #ids = 0;

  constructor(options: NetworkOptions) {
    this.#options = options;
    this.#random = createRandom(options.seed, "maelstrom network");
    this.names = Array.from({ length: options.nodes }, (_, at) => `n${at + 1}`);
    const [program, ...words] = options.command;
    this.#processes = new Map(this.names.map((name) => [name, spawn(program, words)]));
    for (const child of this.#processes.values()) {
      createInterface({ input: child.stdout }).on("line", (line) => this.#route(JSON.parse(line) as Message));
      child.stderr.setEncoding("utf8").on("data", (text: string) => (this.errors += text));
    }
  }

  async start(): Promise<void> {
    const answers = await Promise.all(
      this.names.map((name) =>
        this.call("c0", name, { type: "init", node_id: name, node_ids: [...this.names] }, 20_000),
      ),
    );
    for (const answer of answers) if (answer?.type !== "init_ok") throw new Error(`no init_ok: ${this.errors}`);
  }

  /** Null: no answer in time. */
  async call(client: string, node: string, body: Body, timeoutMs: number): Promise<Body | null> {
    this.#ids += 1;
    const name = `${client} ${this.#ids}`;
    const timeout = new AbortController();
    const answer = new Promise<Body>((resolve) => this.#waiting.set(name, resolve));
    this.#hand({ src: client, dest: node, body: { ...body, msg_id: this.#ids } });
    const none = sleep(timeoutMs, null, { signal: timeout.signal }).catch(() => null);
    const first = await Promise.race([answer, none]);
    timeout.abort();
    this.#waiting.delete(name);
    return first;
  }

  async stop(): Promise<void> {
    await Promise.all(
      [...this.#processes.values()].map(async (child) => {
        const ended = new Promise((resolve) => {
          child.once("close", resolve);
        });
        child.stdin.end();
        await Promise.race([ended, sleep(5_000, null, { ref: false })]);
        if (child.exitCode === null) child.kill("SIGKILL");
        await ended;
      }),
    );
  }

  #route(message: Message): void {
    const { src, dest, body } = message;
    if (!this.names.includes(dest)) {
      this.#waiting.get(`${dest} ${String(body["in_reply_to"])}`)?.(body);
      return;
    }
    if (this.#random.chance(this.#options.lossShare)) return;
    setTimeout(
      () => {
        if (src !== this.cutOff && dest !== this.cutOff) this.#hand(message);
      },
      this.#random.integer(0, this.#options.latencyMs),
    );
  }

  #hand(message: Message): void {
    this.delivered += 1;
    const input = this.#processes.get(message.dest)?.stdin;
    if (input?.writable === true) input.write(`${JSON.stringify(message)}\n`);
  }
}

/** Threads that call one operation after the other until the time is up; what each was told. */
export async function linKvLoad(
  network: MaelstromNetwork,
  { seed, threads, forMs, timeoutMs }: { seed: number; threads: number; forMs: number; timeoutMs: number },
): Promise<readonly Operation[]> {
  const operations: Operation[] = [];
  const nowNs = (): number => Math.round(performance.now() * 1e6);
  const endNs = nowNs() + forMs * 1e6;
  let processes = 0;
  const thread = async (at: number): Promise<void> => {
    const random = createRandom(seed, `thread ${at}`);
    let process = (processes += 1);
    while (nowNs() < endNs) {
      const key = random.integer(0, 2);
      const [from, to] = [random.integer(0, 4), random.integer(0, 4)];
      const body: Body = random.pick([
        { type: "read", key },
        { type: "write", key, value: to },
        { type: "cas", key, from, to },
      ]);
      const callNs = nowNs();
      const answer = await network.call(`c${process}`, random.pick(network.names), body, timeoutMs);
      const known = outcomeOf(body, answer);
      operations.push({
        index: operations.length,
        process,
        function: { read: "get", write: "put" }[body.type] ?? "cas",
        key,
        input: body.type === "read" ? null : body.type === "write" ? to : { expected: from, new: to },
        error: null,
        callNs,
        returnNs: known.outcome === "info" ? null : nowNs(),
        node: null,
        callEvent: operations.length,
        returnEvent: null,
        ...known,
      });
      if (known.outcome === "info") process = processes += 1;
    }
  };
  await Promise.all(Array.from({ length: threads }, (_, at) => thread(at)));
  return operations;
}

/** Codes 0 and 13 leave the outcome open, all others promise that nothing happened. */
function outcomeOf(body: Body, answer: Body | null): Pick<Operation, "outcome" | "output"> {
  if (answer === null) return { outcome: "info", output: null };
  const { type, code } = answer;
  if (type === "read_ok") return { outcome: "ok", output: answer["value"] ?? null };
  if (type === "write_ok") return { outcome: "ok", output: null };
  if (type === "cas_ok") return { outcome: "ok", output: { status: "ok", observed: body["from"] ?? null } };
  if (code === 20 && body.type === "read") return { outcome: "ok", output: null };
  return { outcome: code === 0 || code === 13 ? "info" : "fail", output: null };
}
