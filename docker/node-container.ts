// One node: its container, its log, and what the engine says of both.
import { constants } from "node:os";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import type Docker from "dockerode";
import {
  ClusterError,
  LogTimes,
  logTimesFile,
  type ClockTrouble,
  type ClusterEvent,
  type DamagedFile,
  type DiskFile,
  type Launch,
  type NodeClock,
  type NodeName,
  type ProcessObservation,
  type WriteProbe,
} from "../cluster/index.js";
import { packArchive, readArchive, unpackArchive, type ArchiveEntry, type FileEntry } from "./archive.js";
import { ask, EngineError } from "./engine.js";
import type { ContainerEvent } from "./events.js";
import { containerUser, dataDirectory } from "./host-files.js";
import { ContainerLog } from "./log.js";
import { cpuTimeOfTree, isFrozen, readCgroups, throttledTime } from "./process.js";
import { limitWrites, probeWrites } from "./slow-disk.js";
import { NamespaceTools } from "./tools.js";

export interface NodeContainerOptions {
  readonly docker: Docker;
  readonly node: NodeName;
  readonly launch: Launch;
  readonly create: (image: string) => Docker.ContainerCreateOptions;
  readonly logPath: string;
  readonly crashPatterns: readonly RegExp[];
  readonly stopSignal: string;
  readonly memoryMb: number;
  /** Cores that it has when no fault takes some away. */
  readonly cpus: number;
  /** Null: the node reads the machine's clock, and no fault can change that. */
  readonly clock: NodeClock | null;
  readonly emit: (event: ClusterEvent) => void;
}

/** From one start to the end that follows it. */
class Life {
  /** A stop that this cluster asked for: an exit that fits it is no crash. */
  asked: "kill" | "terminate" | "out-of-memory" | null = null;
  outOfMemory = false;
  /** Resolved when the engine's account of the end has been passed on. */
  readonly told: Promise<void>;
  readonly tell: () => void;

  constructor() {
    let tell = () => undefined as void;
    this.told = new Promise((resolve) => (tell = resolve));
    this.tell = tell;
  }
}

/** The event of an end comes within 50 ms; without it for so long the event stream is lost, which is told elsewhere. */
const toldWithinMs = 2_000;

const pauseAttempts = 5;
const pauseRetryMs = 100;
/** The engine's own least limit, shares of what is in use that are tried as limits, and for how long. */
const leastMemoryBytes = 6 * 1024 * 1024;
const memoryShares = [0.7, 0.85, 1] as const;
const exhaustWithinMs = 8_000;
const exhaustPollMs = 100;

/** After a cut is confirmed nobody asks for a while. */
const toolsIdleMs = 20_000;
const killedBySigkill = 128 + constants.signals.SIGKILL;

export class NodeContainer {
  readonly node: NodeName;
  readonly #options: NodeContainerOptions;
  readonly #log: ContainerLog;
  #container: Docker.Container | null = null;
  #life: Life | null = null;
  #tools: NamespaceTools | null = null;
  #closed = false;
  #cpuLimited = false;
  #memoryLimited = false;
  #diskSlowed = false;

  constructor(options: NodeContainerOptions) {
    this.#options = options;
    this.node = options.node;
    const { node, emit, crashPatterns } = options;
    const times = new LogTimes(join(dirname(options.logPath), logTimesFile), (detail) =>
      emit({ type: "notice", detail: `${node}: ${detail}` }),
    );
    const watcher = {
      crashPatterns,
      panic: (line: string) => emit({ type: "panic", node, line }),
      trouble: (detail: string) => emit({ type: "error", detail: `${node}: ${detail}` }),
    };
    this.#log = new ContainerLog(options.logPath, watcher, times);
  }

  /** With an empty data directory and the system's configuration files in it. */
  async create(image: string): Promise<void> {
    const { docker, launch, create, node, clock } = this.#options;
    // Before the container, whose mount it is; an engine that does not find the directory would make one that only root can write.
    await clock?.prepare();
    const container = await ask(`create the container of ${node}`, (abortSignal) =>
      docker.createContainer({ ...create(image), abortSignal }),
    );
    this.#container = container;
    this.#life = null;
    this.#tools = null;
    const archive = await packArchive(dataEntries(launch.files, launch.program.kind === "image"));
    await ask(`write the files of ${node}`, (abortSignal) => container.putArchive(archive, { path: "/", abortSignal }));
  }

  async start(): Promise<void> {
    const { docker, emit, node } = this.#options;
    const container = this.container();
    const { State } = await this.#inspect();
    if (State.Running) throw new ClusterError(`${node} runs already`);
    // Else the end of the life before could be taken for one of the new life, which nobody asked for.
    if (this.#life !== null) await Promise.race([this.#life.told, elapse(toldWithinMs)]);
    // Attached before the start, so that not one line is missed.
    const output = await ask(`read the output of ${node}`, () =>
      container.attach({ stream: true, stdout: true, stderr: true }),
    );
    this.#log.attach(docker, output as unknown as Readable);
    this.#life = new Life();
    await ask(`start ${node}`, (abortSignal) => container.start({ abortSignal }));
    const { pid, incarnation } = await this.observe();
    if (incarnation !== null) emit({ type: "started", node, pid, incarnation });
  }

  async kill(): Promise<void> {
    await this.#stop("kill", "SIGKILL");
  }

  async terminate(): Promise<void> {
    await this.#stop("terminate", this.#options.stopSignal);
  }

  async #stop(asked: "kill" | "terminate", signal: string): Promise<void> {
    const life = this.#life;
    if (life === null) throw new ClusterError(`${this.node} has not been started`);
    const before = life.asked;
    life.asked = asked;
    try {
      await ask(`send ${signal} to ${this.node}`, () => this.container().kill({ signal }));
    } catch (error) {
      // It does not run: nobody's wish.
      if (error instanceof EngineError && error.status === 409) life.asked = before;
      throw error;
    }
  }

  /** On a busy machine the kernel cannot always freeze all threads at once; the engine gives up soon, so it is asked again. */
  async pause(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await ask(`pause ${this.node}`, () => this.container().pause());
      } catch (error) {
        const unfrozen = error instanceof EngineError && /unable to freeze/i.test(error.reason);
        if (!unfrozen || attempt === pauseAttempts) throw error;
        await elapse(pauseRetryMs);
      }
    }
  }

  async resume(): Promise<void> {
    await ask(`resume ${this.node}`, () => this.container().unpause());
  }

  async setClock(trouble: ClockTrouble | null): Promise<void> {
    const { clock } = this.#options;
    if (clock === null) throw new ClusterError(`${this.node} was started without a clock that can be changed`);
    await clock.set(trouble);
  }

  /**
   * By the limit of its control group. The kernel may refuse a limit below what is in use and cannot be given back, and it ends nobody
   * before some more is asked for: so the limit follows what is in use down.
   */
  async limitMemory(how: "until-killed" | null): Promise<void> {
    if (how === null) {
      await this.#setMemoryLimit(this.#options.memoryMb * 1024 * 1024);
      this.#memoryLimited = false;
      return;
    }
    const life = this.#life;
    if (life === null) throw new ClusterError(`${this.node} has not been started`);
    life.asked = "out-of-memory";
    this.#memoryLimited = true;
    const giveUpMs = performance.now() + exhaustWithinMs;
    while (performance.now() < giveUpMs) {
      if (!(await this.#inspect()).State.Running) return;
      await this.#tightenMemory();
      await elapse(exhaustPollMs);
    }
    throw new ClusterError(`the kernel did not end ${this.node} though it had no memory left`);
  }

  async #tightenMemory(): Promise<void> {
    const stats = await ask(`measure ${this.node}`, () => this.container().stats({ stream: false, "one-shot": true }));
    // It may have ended meanwhile, and then uses nothing that is told.
    const inUse = (stats.memory_stats as { readonly usage?: number } | undefined)?.usage ?? 0;
    for (const share of memoryShares) {
      const set = await this.#setMemoryLimit(Math.max(leastMemoryBytes, Math.ceil(inUse * share))).then(
        () => true,
        (error: unknown) => {
          if (error instanceof EngineError && error.status !== null) return false;
          throw error;
        },
      );
      if (set) return;
    }
  }

  async #setMemoryLimit(bytes: number): Promise<void> {
    const whole = Math.round(bytes);
    await ask(`limit the memory of ${this.node}`, () => this.container().update({ Memory: whole, MemorySwap: whole }));
  }

  /** By the quota of its control group. `cores`: null for what it had before. */
  async limitCpu(cores: number | null): Promise<void> {
    const { cpus, node } = this.#options;
    this.#cpuLimited = true;
    await ask(`limit the CPU time of ${node}`, () =>
      this.container().update({ NanoCpus: Math.round(Math.min(cores ?? cpus, cpus) * 1e9) }),
    );
    this.#cpuLimited = cores !== null;
  }

  /** By the limit of its control group, which ends with the process. */
  async slowDisk(bytesPerS: number | null): Promise<void> {
    const { docker, node } = this.#options;
    const { Id, State } = await this.#inspect();
    if (!State.Running && bytesPerS === null) return;
    const cgroups = State.Pid > 0 ? await readCgroups(State.Pid, Id) : null;
    if (cgroups === null)
      throw new ClusterError(`${node} does not run, or not on this machine: its disk cannot be slowed`);
    this.#diskSlowed = true;
    await limitWrites(docker, cgroups, bytesPerS);
    this.#diskSlowed = bytesPerS !== null;
  }

  probeWrites(bytes: number): Promise<WriteProbe> {
    return probeWrites(this.#options.docker, this.container(), bytes);
  }

  /** Resumed if it is paused, started if it is down or on its way there. */
  async restore(): Promise<void> {
    await this.#options.clock?.set(null);
    const { state } = await this.observe();
    if (state === "paused") await this.resume();
    if (this.#cpuLimited) await this.limitCpu(null);
    if (this.#diskSlowed) await this.slowDisk(null);
    if (this.#memoryLimited) await this.limitMemory(null);
    const asked = this.#life?.asked === "out-of-memory" ? null : (this.#life?.asked ?? null);
    if (asked !== null) {
      // A signal may have been sent that has not had its effect yet, or just now.
      await ask(`wait for the end of ${this.node}`, () => this.container().wait()).catch((error: unknown) => {
        if (!(error instanceof EngineError) || error.status !== null) throw error;
      });
    }
    const now = await this.observe();
    if (now.state !== "running") await this.start();
    else if (asked !== null) throw new ClusterError(`${this.node} did not end though it was told to`);
  }

  async observe(): Promise<ProcessObservation> {
    const { Id, State } = await this.#inspect();
    const never = State.Status === "created";
    const ended = !State.Running;
    const pid = State.Pid > 0 ? State.Pid : null;
    const cgroups = pid === null ? null : await readCgroups(pid, Id);
    // Both must say so: the engine that it was paused, the kernel, where it can be seen, that nothing runs.
    const paused = State.Paused && (cgroups === null || (await isFrozen(cgroups)) !== false);
    const signal = State.ExitCode > 128 ? signalName(State.ExitCode - 128) : null;
    const engineStats = pid !== null && cgroups === null ? await this.#stats() : null;
    return {
      node: this.node,
      state: never ? "never-started" : ended ? "exited" : paused ? "paused" : "running",
      pid,
      incarnation: never ? null : `${Id.slice(0, 12)} started ${State.StartedAt}`,
      cpuTimeMs: pid === null ? null : cgroups === null ? (engineStats?.cpuTimeMs ?? null) : await cpuTimeOfTree(pid),
      throttledMs: cgroups === null ? (engineStats?.throttledMs ?? null) : await throttledTime(cgroups),
      outOfMemory: ended && !never && (this.#life?.outOfMemory ?? false),
      exitCode: never || !ended || signal !== null ? null : State.ExitCode,
      exitSignal: never || !ended ? null : signal,
    };
  }

  /** As the engine tells it, for a host whose own kernel does not run the container. */
  async #stats(): Promise<{ readonly cpuTimeMs: number; readonly throttledMs: number } | null> {
    const options = { stream: false as const, "one-shot": true };
    const stats = await ask(`measure ${this.node}`, () => this.container().stats(options)).catch(() => null);
    if (stats === null) return null;
    const { cpu_usage: usage, throttling_data: throttling } = stats.cpu_stats;
    return { cpuTimeMs: usage.total_usage / 1e6, throttledMs: throttling.throttled_time / 1e6 };
  }

  /**
   * One connection attempt from inside the node's container.
   * @returns null when none can be made there, as the node is down or paused
   */
  async dial(host: string, port: number): Promise<"accepted" | "refused" | null> {
    const able = async () => (await this.observe()).state === "running";
    this.#tools ??= new NamespaceTools(this.#options.docker, this.container(), toolsIdleMs);
    for (let attempt = 1; await able(); attempt++) {
      try {
        return await this.#tools.dial(host, port);
      } catch (error) {
        // The program may have ended with an earlier life of the container, and nobody had heard.
        if (attempt === 2 && (await able())) throw error;
      }
    }
    return null;
  }

  /** What the engine tells of this node's container. */
  async take(event: ContainerEvent): Promise<void> {
    const life = this.#life;
    if (life === null || this.#closed || event.containerId !== this.#container?.id) return;
    if (event.action === "oom") life.outOfMemory = true;
    if (event.action !== "die") return;
    try {
      await this.#tellOfEnd(life, event.exitCode);
    } finally {
      life.tell();
    }
  }

  async #tellOfEnd(life: Life, code: number | null): Promise<void> {
    const { node, emit, memoryMb } = this.#options;
    // The kernel's own kill for want of memory has the same exit code as ours.
    const state = await this.#inspect().then(
      ({ State }) => State,
      () => null,
    );
    const outOfMemory = life.outOfMemory || state?.OOMKilled === true;
    if (outOfMemory)
      this.#log.note(`minos: the kernel ended a process of ${node}: out of memory (limit ${memoryMb} MB)`);
    const signal = code !== null && code > 128 ? signalName(code - 128) : null;
    emit({
      type: "exited",
      node,
      code: signal === null ? code : null,
      signal,
      expected:
        life.asked === "terminate" ||
        (life.asked === "kill" && code === killedBySigkill) ||
        (life.asked === "out-of-memory" && outOfMemory),
      logTail: await this.#log.tail(),
    });
  }

  /** The next start begins on an empty disk: the container is made anew. */
  async wipe(): Promise<void> {
    const { State, Config } = await this.#inspect();
    if (State.Running) throw new ClusterError(`${this.node} runs; only a stopped node's disk can be wiped`);
    const container = this.container();
    await ask(`remove the container of ${this.node}`, () => container.remove({ force: true, v: true }));
    await this.create(Config.Image);
  }

  /** All files of a stopped node's data directory, with their owners. */
  async #dataFiles(): Promise<readonly FileEntry[]> {
    const { State } = await this.#inspect();
    if (State.Running) throw new ClusterError(`${this.node} must be stopped to be damaged`);
    const archive = await ask(`read the disk of ${this.node}`, () =>
      this.container().getArchive({ path: dataDirectory }),
    );
    const files = await ask(`read the disk of ${this.node}`, () => readArchive(archive as Readable));
    // Paths begin with the directory's own name.
    return files.map((file) => ({ ...file, path: file.path.split("/").slice(1).join("/") }));
  }

  /** What a stopped node has on its disk. */
  async readDisk(): Promise<readonly DiskFile[]> {
    return (await this.#dataFiles()).map(({ path, content }) => ({ path, bytes: content }));
  }

  /** Rejects when the bytes read back are not the ones to be written, or the file was not another one before. */
  async writeDamage({ path, before, after }: DamagedFile): Promise<void> {
    const find = async (): Promise<FileEntry> => {
      const file = (await this.#dataFiles()).find((candidate) => candidate.path === path);
      if (file === undefined) throw new ClusterError(`${this.node} has no file ${path}`);
      return file;
    };
    const { mode, uid, gid } = await find();
    const archive = await packArchive([{ path, content: after, mode, uid, gid }]);
    await ask(`damage ${path} of ${this.node}`, (abortSignal) =>
      this.container().putArchive(archive, { path: dataDirectory, abortSignal }),
    );
    const { content } = await find();
    if (content.equals(before) || !content.equals(after)) throw new ClusterError(`${path} could not be damaged`);
  }

  /** Copies files of the data directory to the host. Those that do not exist are passed over. */
  async collect(paths: readonly string[], directory: string): Promise<void> {
    if (this.#container === null) return;
    const container = this.#container;
    for (const path of paths) {
      try {
        const archive = await ask(`read ${path} of ${this.node}`, () =>
          container.getArchive({ path: join(dataDirectory, path) }),
        );
        await ask(`copy ${path} of ${this.node}`, () =>
          unpackArchive(archive as Readable, join(directory, path, "..")),
        );
      } catch (error) {
        if (error instanceof EngineError && error.status === 404) continue;
        throw error;
      }
    }
  }

  /** The engine lets nobody into a paused container, but beside it: into its namespaces, from where its files are seen too. */
  async attachLine(): Promise<string> {
    const { Name, Config } = await this.#inspect();
    const name = Name.replace(/^\//, "");
    const program = this.#options.launch.program.kind === "image" ? "sh" : "node";
    return (
      `docker run --rm -it --pid container:${name} --network container:${name} --cap-add SYS_PTRACE --user 0 ` +
      `--entrypoint ${program} ${Config.Image}  (its files are below /proc/1/root${dataDirectory}; ` +
      `or docker unpause ${name} && docker exec -it ${name} ${program})`
    );
  }

  async logTail(): Promise<readonly string[]> {
    return this.#log.tail();
  }

  container(): Docker.Container {
    if (this.#container === null) throw new ClusterError(`${this.node} has no container yet`);
    return this.#container;
  }

  get exists(): boolean {
    return this.#container !== null;
  }

  /** From here on its end is nobody's business. */
  expectEnd(): void {
    this.#closed = true;
  }

  close(): void {
    this.#closed = true;
    this.#options.clock?.stop();
    this.#tools?.close();
    this.#log.close();
  }

  #inspect(): Promise<Docker.ContainerInspectInfo> {
    return ask(`inspect ${this.node}`, (abortSignal) => this.container().inspect({ abortSignal }));
  }
}

function signalName(number: number): string | null {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? null;
}

/** An image of others runs as a user that we do not know, so everyone may write there. */
function dataEntries(files: Launch["files"], anyUser: boolean): readonly ArchiveEntry[] {
  const owner = { uid: containerUser, gid: containerUser };
  const root = dataDirectory.slice(1);
  const directories = new Set<string>([root]);
  for (const { path } of files) {
    const parts = path.split("/");
    if (path.startsWith("/") || parts.includes(".."))
      throw new ClusterError(`"${path}" leads out of the data directory`);
    for (let depth = 1; depth < parts.length; depth++) directories.add(`${root}/${parts.slice(0, depth).join("/")}`);
  }
  return [
    ...[...directories].map((path) => ({ path, content: null, mode: anyUser ? 0o777 : 0o755, ...owner })),
    ...files.map(({ path, content }) => ({
      path: `${root}/${path}`,
      content: Buffer.from(content),
      mode: 0o644,
      ...owner,
    })),
  ];
}

function elapse(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
