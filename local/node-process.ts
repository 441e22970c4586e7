// One node over its whole life: many processes, one data directory, one log.
import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import {
  ClusterError,
  logFile,
  LogTimes,
  logTimesFile,
  type ClockTrouble,
  type ClusterEvent,
  type Launch,
  type NodeClock,
  type NodeName,
  type ProcessObservation,
} from "../cluster/index.js";
import { LogFollower, readTail } from "./log-follower.js";
import { readProcess } from "./proc.js";
import type { ChildRecord, RunRegistration } from "./registry.js";

export interface NodeProcessOptions {
  readonly node: NodeName;
  readonly launch: Launch;
  /** `<run>/nodes/<n>`: holds `data` and `log.txt`. */
  readonly directory: string;
  readonly crashPatterns: readonly RegExp[];
  readonly registration: RunRegistration;
  /** Null: the node reads the machine's clock, and no fault can change that. */
  readonly clock?: NodeClock | null;
  readonly emit: (event: ClusterEvent) => void;
}

/** The child inherits these and nothing else of our environment: NODE_OPTIONS and the like must not change what is tested. */
const inherited = ["PATH", "HOME", "LANG", "TZ", "TMPDIR"];

/** A node that was told to stop may take this long before that is an error. */
const stopGraceMs = 5_000;

interface Incarnation {
  readonly child: ChildProcess;
  readonly record: ChildRecord;
  /** Set before a signal is sent that asks the process to end. */
  endRequested: NodeJS.Signals | null;
  exit: { readonly code: number | null; readonly signal: string | null } | null;
  /** Resolves when the exit has been seen and reported. */
  readonly ended: Promise<void>;
}

export class NodeProcess {
  readonly #follower: LogFollower;
  #current: Incarnation | null = null;
  #starting = false;
  #destroyed = false;

  constructor(private readonly options: NodeProcessOptions) {
    const { node, crashPatterns, emit } = options;
    this.#follower = new LogFollower(
      this.logPath,
      crashPatterns,
      (line) => emit({ type: "panic", node, line }),
      (detail) => emit({ type: "error", detail }),
      new LogTimes(join(options.directory, logTimesFile), (detail) =>
        emit({ type: "notice", detail: `${node}: ${detail}` }),
      ),
    );
  }

  get node(): NodeName {
    return this.options.node;
  }
  get logPath(): string {
    return join(this.options.directory, logFile);
  }
  get dataDirectory(): string {
    return join(this.options.directory, "data");
  }
  /** Of the process that was started last, dead or alive. */
  get pid(): number | null {
    return this.#current?.record.pid ?? null;
  }

  logTail(): Promise<readonly string[]> {
    return readTail(this.logPath);
  }

  /** Spawns a process and records it; does not wait until it is ready. */
  async start(): Promise<void> {
    if (this.#destroyed) throw new ClusterError(`${this.node} has been torn down`);
    if (this.#starting) throw new ClusterError(`${this.node} runs already`);
    this.#starting = true;
    try {
      if ((await this.#isAlive()) === "alive") throw new ClusterError(`${this.node} runs already`);
      await this.#current?.ended;
      await mkdir(this.dataDirectory, { recursive: true });
      await this.#writeFiles();
      if (this.#current === null) await this.options.clock?.prepare();
      this.#adopt(await this.#spawn());
    } finally {
      this.#starting = false;
    }
  }

  #adopt(child: ChildProcess): void {
    const { registration, emit, node } = this.options;
    const { pid } = child;
    if (pid === undefined) throw new ClusterError(`${node} could not be started`);
    let record: ChildRecord;
    try {
      record = registration.add(node, pid);
    } catch (error) {
      child.kill("SIGKILL");
      throw error;
    }
    if (this.#destroyed) {
      child.kill("SIGKILL");
      throw new ClusterError(`${node} was torn down while it started`);
    }
    this.#current = this.#watch(child, record);
    emit({ type: "started", node, pid, incarnation: incarnationOf(record) });
  }

  /**
   * Makes the node run whatever state it is in: resumed when paused, started when down, and when it was told to end a moment ago,
   * started again after it did.
   */
  async restore(): Promise<void> {
    await this.options.clock?.set(null);
    const current = this.#current;
    if (current !== null && (await this.#isAlive()) === "alive") {
      this.#signal(current, "SIGCONT");
      if (current.endRequested === null) return;
      if (!(await endsWithin(current, stopGraceMs)))
        throw new ClusterError(
          `${this.node} was told to end (${current.endRequested}) and has not in ${stopGraceMs} ms`,
        );
    }
    await this.start();
  }

  /** Asks the process to end, by SIGKILL or the system's stop signal. */
  end(signal: NodeJS.Signals): void {
    const current = this.#running();
    current.endRequested = signal;
    this.#signal(current, signal);
  }

  pause(): void {
    this.#signal(this.#running(), "SIGSTOP");
  }

  resume(): void {
    this.#signal(this.#running(), "SIGCONT");
  }

  async setClock(trouble: ClockTrouble | null): Promise<void> {
    const { clock = null } = this.options;
    if (clock === null) throw new ClusterError(`${this.node} was started without a clock that can be changed`);
    await clock.set(trouble);
  }

  async observe(): Promise<ProcessObservation> {
    const current = this.#current;
    const { node } = this;
    if (current === null)
      return {
        node,
        state: "never-started",
        pid: null,
        incarnation: null,
        cpuTimeMs: null,
        exitCode: null,
        exitSignal: null,
      };
    const { record } = current;
    const facts = await readProcess(record.pid);
    const same = facts !== null && facts.startTime === record.startTime && facts.state !== "exited";
    return {
      node,
      state: same ? facts.state : "exited",
      pid: record.pid,
      incarnation: incarnationOf(record),
      cpuTimeMs: same ? facts.cpuTimeMs : null,
      residentBytes: same ? facts.residentBytes : null,
      exitCode: current.exit?.code ?? null,
      exitSignal: current.exit?.signal ?? null,
    };
  }

  /** How the process that was started last ended, in words; waits until the end has been seen. */
  async ending(): Promise<string> {
    await this.#current?.ended;
    const exit = this.#current?.exit ?? null;
    if (exit === null) return "not started";
    return exit.signal === null ? `exit code ${exit.code}` : exit.signal;
  }

  async wipe(): Promise<void> {
    if ((await this.observe()).state !== "exited") throw new ClusterError(`${this.node} must be stopped to be wiped`);
    await rm(this.dataDirectory, { recursive: true, force: true });
  }

  /** Kills the process, paused or not, if there is one, and waits until it is gone, but not for ever: the kernel may hold it. */
  async destroy(): Promise<void> {
    this.#destroyed = true;
    this.options.clock?.stop();
    const current = this.#current;
    if (current !== null && current.exit === null) {
      current.endRequested = "SIGKILL";
      current.child.kill("SIGKILL");
      await endsWithin(current, stopGraceMs);
    }
    await this.#follower.stop();
  }

  /** As the kernel tells it: the exit of a process reaches us a moment after it is gone. */
  async #isAlive(): Promise<"alive" | "gone"> {
    const { state } = await this.observe();
    return state === "running" || state === "paused" ? "alive" : "gone";
  }

  #running(): Incarnation {
    if (this.#current === null || this.#current.exit !== null) throw new ClusterError(`${this.node} is not running`);
    return this.#current;
  }

  #signal(current: Incarnation, signal: NodeJS.Signals): void {
    // Node.js answers false when the process is gone but its exit has not been told to us yet.
    if (!current.child.kill(signal) && signal !== "SIGCONT") throw new ClusterError(`${this.node} is not running`);
  }

  async #spawn(): Promise<ChildProcess> {
    const { launch, node, registration, directory } = this.options;
    const { program } = launch;
    if (program.kind === "image") throw new ClusterError(`${node}: a container image cannot run as a local process`);
    const [file, args] =
      program.kind === "node"
        ? [process.execPath, [join(program.directory, program.entry), ...launch.args]]
        : [program.path, [...launch.args]];
    const clock = this.options.clock?.environment;
    const environment: NodeJS.ProcessEnv = { ...launch.environment, ...registration.mark, ...clock };
    for (const name of inherited) if (!(name in environment)) environment[name] = process.env[name];
    const log = openSync(this.logPath, "a");
    try {
      // A session of its own: Ctrl-C at the terminal must reach Minos alone, which heals and saves before it ends its nodes.
      const child = spawn(file, args, {
        cwd: directory,
        detached: true,
        env: environment,
        stdio: ["ignore", log, log],
      });
      await new Promise<void>((resolve, reject) => {
        child.once("spawn", resolve);
        // Stays: a signal that cannot be sent is an "error" of the child as well, and unheard it would end this process.
        child.on("error", reject);
      });
      return child;
    } catch (error) {
      throw new ClusterError(`${node}: ${file} could not be started: ${(error as Error).message}`);
    } finally {
      closeSync(log);
    }
  }

  #watch(child: ChildProcess, record: ChildRecord): Incarnation {
    let reported = (): void => undefined;
    const ended = new Promise<void>((resolve) => (reported = resolve));
    const incarnation: Incarnation = { child, record, endRequested: null, exit: null, ended };
    const onExit = (code: number | null, signal: NodeJS.Signals | null): void => {
      incarnation.exit = { code, signal };
      this.#forget(record);
      void this.#reportExit(incarnation, code, signal).finally(reported);
    };
    if (child.exitCode !== null || child.signalCode !== null) onExit(child.exitCode, child.signalCode);
    else child.once("exit", onExit);
    return incarnation;
  }

  #forget(record: ChildRecord): void {
    try {
      this.options.registration.remove(record.pid);
    } catch (error) {
      // A record that names a process too many harms nobody: its start time tells that it is gone.
      this.options.emit({ type: "error", detail: `the end of ${this.node} could not be recorded: ${String(error)}` });
    }
  }

  async #reportExit(incarnation: Incarnation, code: number | null, signal: string | null): Promise<void> {
    await this.options.clock?.forget(incarnation.record.pid);
    await this.#follower.finishLine();
    const logTail = await this.logTail();
    const { node } = this;
    this.options.emit({
      type: "exited",
      node,
      code,
      signal,
      expected: isExpected(incarnation.endRequested, signal),
      logTail,
    });
  }

  async #writeFiles(): Promise<void> {
    for (const { path, content } of this.options.launch.files) {
      const target = resolve(this.dataDirectory, path);
      if (!target.startsWith(`${resolve(this.dataDirectory)}${sep}`))
        throw new ClusterError(`${this.node}: the configuration file ${path} lies outside of the data directory`);
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, content);
    }
  }
}

async function endsWithin(incarnation: Incarnation, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => (timer = setTimeout(() => resolve(false), ms)));
  const ended = incarnation.ended.then(() => true);
  return Promise.race([ended, late]).finally(() => clearTimeout(timer));
}

/**
 * A process that crashed a moment before SIGKILL reached it shows its own code or signal. After the stop signal a program ends in
 * whatever way it likes.
 */
function isExpected(requested: NodeJS.Signals | null, signal: string | null): boolean {
  return requested === "SIGKILL" ? signal === "SIGKILL" : requested !== null;
}

/** The start time alone is counted in hundredths of a second; a kill and a start may both happen within one. */
function incarnationOf(record: ChildRecord): string {
  return `${record.pid}.${record.startTime}`;
}
