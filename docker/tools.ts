// A program of ours inside a container's network namespace: it reads the kernel's socket counters there and tries connections
// from there. It stays, since a new exec for every question would cost a tenth of a second, and seconds on a busy machine.
import type { Duplex } from "node:stream";
import { PassThrough } from "node:stream";
import type Docker from "dockerode";
import { ClusterError } from "../cluster/index.js";
import type { SsReading } from "../toxiproxy/index.js";
import { ask } from "./engine.js";

const dialTimeoutMs = 2_000;
const callTimeoutMs = 8_000;
const maxAnswerBytes = 32 * 1024 * 1024;
const maxQuotedCharacters = 200;

/**
 * The program, as text for `node -e`. Requests and answers are lines of JSON: {id, run: "ss"} and {id, run: "dial", host,
 * port}. An answer is {id, output, read} or {id, error}; `read` says between when, by the kernel's steady clock, which a new
 * life of the program goes on with. It ends with its input.
 */
const program = `
const { execFile } = require("node:child_process");
const net = require("node:net");
const say = (answer) => process.stdout.write(JSON.stringify(answer) + "\\n");
const nowMs = () => Number(process.hrtime.bigint() / 1000n) / 1000;
function ss(id) {
  const startedMs = nowMs();
  execFile("ss", ["-tineHO"], { maxBuffer: ${maxAnswerBytes}, timeout: 5000 }, (error, output) =>
    say(error ? { id, error: String(error.message) } : { id, output, read: { startedMs, endedMs: nowMs() } }));
}
function dial(id, host, port) {
  const socket = net.connect({ host, port });
  const timer = setTimeout(() => done({ error: "ETIMEDOUT" }), ${dialTimeoutMs});
  function done(answer) {
    clearTimeout(timer);
    socket.removeAllListeners();
    socket.on("error", () => {});
    socket.destroy();
    say({ id, ...answer });
  }
  socket.once("connect", () => done({ output: "accepted" }));
  socket.once("error", (error) => done(error.code === "ECONNREFUSED" ? { output: "refused" } : { error: error.code || error.message }));
}
const serve = ({ id, run, host, port }) => (run === "ss" ? ss(id) : dial(id, host, port));
require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => serve(JSON.parse(line))).on("close", () => process.exit());
`;

interface Request {
  readonly run: "ss" | "dial";
  readonly host?: string;
  readonly port?: number;
}

interface Answer {
  readonly id: number;
  readonly output?: string;
  readonly read?: SsReading["read"];
  readonly error?: string;
}

/** The program living in one container. Started at the first call, and again when it was lost. */
export class NamespaceTools {
  #session: Promise<Session> | null = null;
  #idle: NodeJS.Timeout | undefined;

  constructor(
    private readonly docker: Docker,
    readonly container: Docker.Container,
    /** How long the program stays without a question; it takes some memory of the container's share. */
    private readonly idleMs: number,
  ) {}

  /** Output of `ss -tineHO` in the container's network namespace. */
  async ss(): Promise<SsReading> {
    const { output = "", read } = await this.#call({ run: "ss" });
    if (read === undefined) throw new Error("the socket counters came without the time of their reading");
    return { output, read };
  }

  async dial(host: string, port: number): Promise<"accepted" | "refused"> {
    const { output = "" } = await this.#call({ run: "dial", host, port });
    return outcomeOf(output);
  }

  /** Ends the program. The next call starts it again. */
  close(): void {
    clearTimeout(this.#idle);
    void this.#session?.then((session) => session.close("closed")).catch(() => undefined);
    this.#session = null;
  }

  async #call(request: Request): Promise<Answer> {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.close(), this.idleMs).unref();
    // The program of an earlier life of the container ended with it.
    const before = await this.#session?.catch(() => null);
    if (before?.ended === true) this.#session = null;
    this.#session ??= Session.open(this.docker, this.container);
    const opening = this.#session;
    try {
      const session = await opening;
      return await session.call(request);
    } catch (error) {
      // An answer that is an error says nothing against the program.
      const session = await opening.catch(() => null);
      if (session?.ended !== false && this.#session === opening) this.#session = null;
      throw error;
    }
  }
}

class Session {
  readonly #waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>();
  #lastId = 0;
  #rest = "";
  #ended = false;

  static async open(docker: Docker, container: Docker.Container): Promise<Session> {
    const options = { Cmd: ["node", "-e", program], AttachStdin: true, AttachStdout: true, AttachStderr: false };
    const exec = await ask("prepare the socket counters", (abortSignal) => container.exec({ ...options, abortSignal }));
    const stream = await ask("start the socket counters", () => exec.start({ hijack: true, stdin: true }));
    return new Session(docker, stream);
  }

  private constructor(
    docker: Docker,
    private readonly stream: Duplex,
  ) {
    const output = new PassThrough();
    docker.modem.demuxStream(stream, output, new PassThrough().resume());
    output.setEncoding("utf8");
    output.on("data", (chunk: string) => this.#read(chunk));
    stream.on("error", () => undefined);
    stream.once("close", () => this.close("it ended"));
    stream.once("end", () => this.close("it ended"));
  }

  call(request: Request): Promise<Answer> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer);
        this.#waiting.delete(id);
      };
      const entry = {
        resolve: (answer: Answer) => {
          settle();
          resolve(answer);
        },
        reject: (error: Error) => {
          settle();
          reject(error);
        },
      };
      const timer = setTimeout(() => this.close(`no answer within ${callTimeoutMs} ms`), callTimeoutMs);
      this.#waiting.set(id, entry);
      if (this.#ended) this.close("it ended");
      else this.stream.write(`${JSON.stringify({ id, ...request })}\n`);
    });
  }

  get ended(): boolean {
    return this.#ended;
  }

  close(reason: string): void {
    this.#ended = true;
    this.stream.destroy();
    for (const { reject } of this.#waiting.values())
      reject(new ClusterError(`the program in Toxiproxy's network namespace is gone: ${reason}`));
  }

  #read(chunk: string): void {
    const lines = (this.#rest + chunk).split("\n");
    this.#rest = lines.pop() ?? "";
    if (this.#rest.length > maxAnswerBytes) this.close("its answer has no end");
    for (const line of lines) {
      const answer = parseAnswer(line);
      if (answer === null) {
        // Docker itself writes here why it could not start the program, as in a container that has just stopped.
        this.close(`instead of an answer came "${line.slice(0, maxQuotedCharacters)}"`);
        return;
      }
      const waiting = this.#waiting.get(answer.id);
      if (answer.output !== undefined) waiting?.resolve(answer);
      else waiting?.reject(new ClusterError(answer.error ?? "no output"));
    }
  }
}

/** An answer of the program, or null where the line is none. */
export function parseAnswer(line: string): Answer | null {
  try {
    const value = JSON.parse(line) as Partial<Answer> | null;
    return typeof value?.id === "number" ? (value as Answer) : null;
  } catch {
    return null;
  }
}

function outcomeOf(output: string): "accepted" | "refused" {
  if (output !== "accepted" && output !== "refused") throw new Error(`"${output}" is no outcome of a dial`);
  return output;
}
