// Starting a proxy server as a child process: the built-in one, or a real Toxiproxy.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { readdir, readFile, readlink, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Toxiproxy } from "toxiproxy-node-client";
import { bundleProxyServer, compiledEntry } from "./build.js";
import { drawPort } from "./ports.js";

export type ProxyServerChoice =
  | { readonly kind: "builtin" }
  /** A `toxiproxy-server`: the one on PATH, or the one at `path`. */
  | { readonly kind: "external"; readonly path?: string };

export interface ProxyServerOptions {
  /** The API's host. Default 127.0.0.1. */
  readonly host?: string;
  /** The API's port; 0 or absent draws a free one. */
  readonly port?: number;
  /** How long to wait until the API answers. Default 10000. */
  readonly readyTimeoutMs?: number;
  /** Added to the child's environment; by such a mark a child of a dead owner is found again. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Called once when the process ends without `stop` having been called. */
  readonly onDeath?: (detail: string) => void;
}

export interface RunningProxyServer {
  readonly kind: "builtin" | "external";
  /** For logs and environment.json: which program, which version. */
  readonly description: string;
  /** `http://host:port`. */
  readonly api: string;
  readonly pid: number;
  /** SIGTERM, then SIGKILL after 3 s. Safe to call twice. */
  stop(): Promise<void>;
}

const stopGraceMs = 3000;
const keptLogLines = 50;
/** What the built-in server says when its API answers. */
const listeningLine = /^\{"listening":(\d+)\}$/;

/** A child process with its end and the last lines it wrote. */
class Child {
  readonly lines: string[] = [];
  readonly ended: Promise<string>;
  private readonly listeners: ((line: string) => void)[] = [];
  private hasEnded = false;

  private constructor(
    private readonly child: ChildProcess,
    readonly pid: number,
  ) {
    this.ended = new Promise((resolve) => {
      child.once("exit", (code, signal) => {
        this.hasEnded = true;
        resolve(`ended with ${signal ?? `code ${code}`}`);
      });
    });
    for (const output of [child.stdout, child.stderr]) {
      if (output === null) continue;
      createInterface({ input: output }).on("line", (line) => {
        this.lines.push(line);
        if (this.lines.length > keptLogLines) this.lines.shift();
        for (const listener of this.listeners) listener(line);
      });
    }
  }

  /** Rejects when the program cannot be started at all. */
  static async spawn(
    command: string,
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<Child> {
    // A group of its own: Ctrl-C in a terminal must reach Minos alone, which heals and stops in its own order.
    const child = spawn(command, args, {
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
      env: { ...process.env, ...environment },
    });
    child.stdin?.on("error", () => undefined);
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", () => resolve());
      child.once("error", (error) => reject(new Error(`${command} cannot be started: ${error.message}`)));
    });
    if (child.pid === undefined) throw new Error(`${command} has no process id`);
    return new Child(child, child.pid);
  }

  onLine(listener: (line: string) => void): void {
    for (const line of this.lines) listener(line);
    this.listeners.push(listener);
  }

  async stop(): Promise<void> {
    if (this.hasEnded) return;
    this.child.kill("SIGTERM");
    const killer = setTimeout(() => this.child.kill("SIGKILL"), stopGraceMs);
    await this.ended;
    clearTimeout(killer);
  }

  tail(): string {
    return this.lines
      .filter((line) => !listeningLine.test(line))
      .slice(-5)
      .join("\n");
  }
}

async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} not within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Starts it and waits until its API answers. Rejects with the program's last lines when it does not. */
export async function startProxyServer(
  choice: ProxyServerChoice,
  options: ProxyServerOptions = {},
): Promise<RunningProxyServer> {
  return choice.kind === "builtin" ? startBuiltin(options) : startExternal(choice.path ?? "toxiproxy-server", options);
}

function running(
  kind: "builtin" | "external",
  description: string,
  api: string,
  child: Child,
  options: ProxyServerOptions,
): RunningProxyServer {
  let stopping = false;
  void child.ended.then((how) => {
    if (!stopping) options.onDeath?.([`the proxy server (${description}) ${how}`, child.tail()].join("\n").trim());
  });
  return {
    kind,
    description,
    api,
    pid: child.pid,
    stop: async () => {
      stopping = true;
      await child.stop();
    },
  };
}

let bundle: Promise<string> | null = null;

/** The compiled entry; from sources a bundle in a directory of its own, which the caller removes once the server runs. */
async function builtinEntry(): Promise<{ readonly path: string; readonly directory: string | null }> {
  const compiled = compiledEntry();
  if (compiled !== null) return { path: compiled, directory: null };
  bundle ??= bundleProxyServer();
  const text = await bundle;
  const directory = await mkdtemp(join(tmpdir(), "minos-proxy-"));
  const path = join(directory, "proxy-server.mjs");
  await writeFile(path, text);
  return { path, directory };
}

async function startBuiltin(options: ProxyServerOptions): Promise<RunningProxyServer> {
  const host = options.host ?? "127.0.0.1";
  const entry = await builtinEntry();
  let child: Child | null = null;
  try {
    const args = [entry.path, "--host", host, "--port", String(options.port ?? 0), "--counters", "--exit-with-parent"];
    const started = await Child.spawn(process.execPath, args, options.environment);
    child = started;
    const listening = new Promise<number>((resolve) => {
      started.onLine((line) => {
        const match = listeningLine.exec(line);
        if (match !== null) resolve(Number(match[1]));
      });
    });
    const died = started.ended.then((how): never => {
      throw new Error(`the built-in proxy server ${how}: ${started.tail()}`);
    });
    died.catch(() => undefined);
    const port = await within(
      options.readyTimeoutMs ?? 10_000,
      "the built-in proxy server was ready",
      Promise.race([listening, died]),
    );
    return running("builtin", "built-in", `http://${host}:${port}`, started, options);
  } catch (error) {
    await child?.stop();
    throw error;
  } finally {
    if (entry.directory !== null) await rm(entry.directory, { recursive: true, force: true });
  }
}

async function startExternal(path: string, options: ProxyServerOptions): Promise<RunningProxyServer> {
  const host = options.host ?? "127.0.0.1";
  const wanted = options.port ?? 0;
  let failure: unknown = null;
  // Toxiproxy does not say which port 0 became, so one is drawn here; another program may be faster.
  for (let tries = 0; tries < (wanted === 0 ? 5 : 1); tries++) {
    const port = wanted === 0 ? await drawPort(host) : wanted;
    const child = await Child.spawn(path, ["-host", host, "-port", String(port)], options.environment);
    try {
      const api = `http://${host}:${port}`;
      const version = await within(
        options.readyTimeoutMs ?? 10_000,
        `${path} was ready`,
        untilExternalAnswers(child, api, port),
      );
      return running("external", `${path} ${version}`, api, child, options);
    } catch (error) {
      failure = new Error(`${path} did not start: ${error instanceof Error ? error.message : ""}\n${child.tail()}`);
      await child.stop();
    }
  }
  throw failure;
}

/** Resolves to the version. A server that cannot bind its port stays alive without one: its log says so. */
async function untilExternalAnswers(child: Child, api: string, port: number): Promise<string> {
  let problem: string | null = null;
  child.onLine((line) => {
    if (line.includes("Server finished with error")) problem = line;
  });
  void child.ended.then((how) => {
    problem = how;
  });
  const client = new Toxiproxy(api);
  for (;;) {
    if (problem !== null) throw new Error(problem);
    const answer = await client.getVersion().catch(() => null);
    // Another Toxiproxy may answer at this port: what counts is that the child holds the listener.
    if (answer !== null && (await holdsListener(child.pid, port)))
      return /"version": "([^"]*)"/.exec(answer)?.[1] ?? "";
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Whether the process holds a socket that listens on the port; true where the system does not tell. */
async function holdsListener(pid: number, port: number): Promise<boolean> {
  const hexPort = port.toString(16).toUpperCase().padStart(4, "0");
  const listenState = "0A";
  try {
    const tables = await Promise.all(["tcp", "tcp6"].map((table) => readFile(`/proc/${pid}/net/${table}`, "utf8")));
    const inodes = new Set<string>();
    for (const line of tables.join("\n").split("\n")) {
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
      if (local?.endsWith(`:${hexPort}`) === true && state === listenState && inode !== undefined) inodes.add(inode);
    }
    const descriptors = await readdir(`/proc/${pid}/fd`);
    const targets = await Promise.all(descriptors.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => "")));
    return targets.some((target) => inodes.has(/^socket:\[(\d+)\]$/.exec(target)?.[1] ?? ""));
  } catch {
    return process.platform !== "linux";
  }
}
