// A program of ours inside a container's network namespace: it reads the kernel's socket counters there and tries connections
// from there. In Toxiproxy's namespace it stays, since a new exec for every sample would cost a tenth of a second.
import type { Duplex, Readable } from "node:stream";
import { PassThrough } from "node:stream";
import type Docker from "dockerode";
import { ClusterError } from "../cluster/index.js";
import { ask, EngineError } from "./engine.js";

const dialTimeoutMs = 2_000;
const callTimeoutMs = 8_000;
const maxAnswerBytes = 32 * 1024 * 1024;

/**
 * The program, as text for `node -e`. Requests and answers are lines of JSON: {id, run: "ss"} and {id, run: "dial", host,
 * port}. An answer is {id, output} or {id, error}. With a request as its argument it answers that one and ends.
 */
const program = `
const { execFile } = require("node:child_process");
const net = require("node:net");
const say = (answer) => process.stdout.write(JSON.stringify(answer) + "\\n");
function ss(id) {
  execFile("ss", ["-tineHO"], { maxBuffer: ${maxAnswerBytes}, timeout: 5000 }, (error, output) =>
    say(error ? { id, error: String(error.message) } : { id, output }));
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
if (process.argv[1]) serve(JSON.parse(process.argv[1]));
else require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => serve(JSON.parse(line))).on("close", () => process.exit());
`;

interface Request {
  readonly run: "ss" | "dial";
  readonly host?: string;
  readonly port?: number;
}

interface Answer {
  readonly id: number;
  readonly output?: string;
  readonly error?: string;
}

/** The program living in one container. Started at the first call, and again when it was lost. */
export class NamespaceTools {
  #session: Promise<Session> | null = null;

  constructor(
    private readonly docker: Docker,
    readonly container: Docker.Container,
  ) {}

  /** Output of `ss -tineHO` in the container's network namespace. */
  ss(): Promise<string> {
    return this.#call({ run: "ss" });
  }

  async dial(host: string, port: number): Promise<"accepted" | "refused"> {
    return outcomeOf(await this.#call({ run: "dial", host, port }));
  }

  close(): void {
    void this.#session?.then((session) => session.close("closed")).catch(() => undefined);
    this.#session = null;
  }

  async #call(request: Request): Promise<string> {
    this.#session ??= Session.open(this.docker, this.container);
    const opening = this.#session;
    try {
      const session = await opening;
      return await session.call(request);
    } catch (error) {
      if (this.#session === opening) this.close();
      throw error;
    }
  }
}

class Session {
  readonly #waiting = new Map<number, { resolve: (output: string) => void; reject: (error: Error) => void }>();
  #lastId = 0;
  #rest = "";

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

  call(request: Request): Promise<string> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer);
        this.#waiting.delete(id);
      };
      const entry = {
        resolve: (output: string) => {
          settle();
          resolve(output);
        },
        reject: (error: Error) => {
          settle();
          reject(error);
        },
      };
      const timer = setTimeout(() => this.close(`no answer within ${callTimeoutMs} ms`), callTimeoutMs);
      this.#waiting.set(id, entry);
      if (this.stream.destroyed) this.close("it ended");
      else this.stream.write(`${JSON.stringify({ id, ...request })}\n`);
    });
  }

  close(reason: string): void {
    this.stream.destroy();
    for (const { reject } of this.#waiting.values())
      reject(new ClusterError(`the program in Toxiproxy's network namespace is gone: ${reason}`));
  }

  #read(chunk: string): void {
    const lines = (this.#rest + chunk).split("\n");
    this.#rest = lines.pop() ?? "";
    if (this.#rest.length > maxAnswerBytes) this.close("its answer has no end");
    for (const line of lines) {
      const { id, output, error } = JSON.parse(line) as Answer;
      const waiting = this.#waiting.get(id);
      if (output !== undefined) waiting?.resolve(output);
      else waiting?.reject(new ClusterError(error ?? "no output"));
    }
  }
}

function outcomeOf(output: string): "accepted" | "refused" {
  if (output !== "accepted" && output !== "refused") throw new Error(`"${output}" is no outcome of a dial`);
  return output;
}

/**
 * One connection attempt from inside a container.
 * @returns null when that container cannot make one: it does not run, or has no Node.js
 */
export async function dialFrom(
  docker: Docker,
  container: Docker.Container,
  host: string,
  port: number,
): Promise<"accepted" | "refused" | null> {
  const text = await runInside(docker, container, [
    "node",
    "-e",
    program,
    JSON.stringify({ id: 0, run: "dial", host, port }),
  ]);
  if (text === null) return null;
  const { output, error } = JSON.parse(text) as Answer;
  if (output === undefined)
    throw new ClusterError(`a connection to ${host}:${port} was neither accepted nor refused: ${error}`);
  return outcomeOf(output);
}

/** Standard output of a command in a container; null when the container does not run or lacks the program. */
export async function runInside(
  docker: Docker,
  container: Docker.Container,
  command: readonly string[],
): Promise<string | null> {
  try {
    const options = { Cmd: [...command], AttachStdout: true, AttachStderr: true };
    const exec = await ask("prepare a command in a container", (abortSignal) =>
      container.exec({ ...options, abortSignal }),
    );
    const stream = await ask("run a command in a container", () => exec.start({}));
    const text = await ask("read a command's output", () => readOutput(docker, stream));
    const { ExitCode } = await ask("inspect a command", () => exec.inspect());
    // 126, 127: the program cannot be run, or is not there.
    return ExitCode === 126 || ExitCode === 127 ? null : text;
  } catch (error) {
    if (error instanceof EngineError && (error.status === 409 || error.status === 404)) return null;
    throw error;
  }
}

function readOutput(docker: Docker, stream: Readable): Promise<string> {
  const output = new PassThrough();
  let text = "";
  output.setEncoding("utf8");
  output.on("data", (chunk: string) => (text += chunk.slice(0, maxAnswerBytes - text.length)));
  docker.modem.demuxStream(stream, output, new PassThrough().resume());
  return new Promise((resolve, reject) => {
    stream.once("error", reject);
    stream.once("end", () => output.end());
    output.once("end", () => resolve(text));
  });
}
