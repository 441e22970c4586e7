// The tiny system's description and client. Nothing of the suite knows of it; it stands for any system a user may bring.
import { Agent, get } from "node:http";
import { connect, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import type {
  Address,
  Client,
  ClientHooks,
  ClientInvocation,
  ClientReply,
  JsonValue,
  NodeName,
  NodeStatus,
  SystemUnderTest,
} from "../../cluster/index.js";

/** Lines that a node has heard from each peer since it started, over connections of either side. */
export function tinyHeard(status: NodeStatus, peer: NodeName): number {
  const heard = (status.extra as { readonly heard?: Readonly<Record<string, number>> } | undefined)?.heard;
  const count = heard?.[peer];
  if (count === undefined) throw new Error(`the status of ${status.node} does not count ${peer}`);
  return count;
}

export interface TinySystemOptions {
  /** JavaScript file to run in place of the server, for nodes that misbehave. */
  readonly entry?: string;
}

export function tinySystem(options: TinySystemOptions = {}): SystemUnderTest {
  return {
    name: "tiny",
    version: "1",
    buildHash: null,
    model: "cas-register",
    initialValue: null,
    functions: ["get", "put", "cas"],
    peerAddressing: "per-observer",
    ports: { client: 7001, peer: 7002, admin: 7003 },
    stopSignal: "SIGTERM",
    timing: { electionTimeoutMs: 200, bootTimeoutMs: 10_000 },
    crashPatterns: [/\bpanic\b/],
    filesToCollect: ["registers.json"],
    wipedNodeMayRejoin: true,
    refuses: (nodes) => (nodes < 2 ? "a tiny system has at least two nodes" : null),
    launch: (context) => ({
      program: {
        kind: "node",
        directory: fileURLToPath(new URL(".", import.meta.url)),
        entry: options.entry ?? "server.js",
      },
      args: [JSON.stringify({ ...context, peers: Object.fromEntries(context.peers) })],
      environment: { TINY: "yes" },
      files: [{ path: "tiny.conf", content: "nothing to set\n" }],
    }),
    status: readStatus,
    groupOfKey: () => 0,
    connect: (address) => Promise.resolve(new TinyClient(address)),
  };
}

function readStatus(admin: Address, signal: AbortSignal): Promise<NodeStatus> {
  return getText(admin, "/status", signal).then((text) => JSON.parse(text) as NodeStatus);
}

/** Makes a node end by itself with code 3, and say "panic" before. */
export async function crashTiny(admin: Address): Promise<void> {
  await getText(admin, "/crash", AbortSignal.timeout(5_000)).catch(() => undefined);
}

function getText(address: Address, path: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const agent = new Agent({ keepAlive: false });
    get({ host: address.host, port: address.port, path, signal, agent }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve(text));
      response.on("error", reject);
    }).on("error", reject);
  });
}

interface Reply {
  readonly number: number;
  readonly output?: JsonValue;
  readonly error?: string;
}

interface OpenInvocation {
  readonly number: number;
  readonly hooks: ClientHooks;
  readonly finish: (reply: Pick<ClientReply, "outcome" | "output" | "error">) => void;
}

class TinyClient implements Client {
  #socket: Socket | null = null;
  #connected = false;
  #rest = "";
  #number = 0;
  #open: OpenInvocation | null = null;

  constructor(private readonly address: Address) {}

  invoke(invocation: ClientInvocation, hooks: ClientHooks): Promise<ClientReply> {
    if (this.#open !== null) throw new Error("one operation at a time");
    const number = ++this.#number;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#lost("timeout"), invocation.timeoutMs);
      const finish: OpenInvocation["finish"] = (reply) => {
        clearTimeout(timer);
        this.#open = null;
        resolve({ ...reply, attempts: 1, systemIndex: null });
      };
      this.#open = { number, hooks, finish };
      const { function: name, key, input } = invocation;
      this.#whenConnected(() => {
        hooks.called();
        this.#socket?.write(`${JSON.stringify({ number, function: name, key, input })}\n`);
      });
    });
  }

  close(): void {
    this.#socket?.destroy();
    this.#lost("closed");
  }

  #whenConnected(ready: () => void): void {
    if (this.#connected) return ready();
    const socket = connect(this.address.port, this.address.host);
    this.#socket = socket;
    this.#rest = "";
    socket.setNoDelay(true).setEncoding("utf8");
    socket.once("connect", () => {
      this.#connected = true;
      ready();
    });
    socket.on("data", (chunk: string) => this.#read(chunk));
    socket.on("end", () => socket.destroy());
    socket.on("error", () => undefined);
    socket.on("close", () => {
      if (this.#socket === socket) this.#lost("the connection ended");
    });
  }

  #read(chunk: string): void {
    const parts = (this.#rest + chunk).split("\n");
    this.#rest = parts.pop() ?? "";
    if (parts.length > 0) this.#open?.hooks.returned();
    for (const part of parts) {
      const reply = JSON.parse(part) as Reply;
      if (reply.number !== this.#open?.number) continue;
      if (reply.error === undefined) this.#open.finish({ outcome: "ok", output: reply.output ?? null, error: null });
      else this.#open.finish({ outcome: "info", output: null, error: reply.error });
    }
  }

  /** Definite only while nothing was written. */
  #lost(error: string): void {
    const written = this.#connected;
    this.#connected = false;
    this.#socket?.destroy();
    this.#socket = null;
    this.#open?.finish({ outcome: written ? "info" : "fail", output: null, error });
  }
}
