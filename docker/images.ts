// The images of a run. Every image is named after the hash of what is in it, so that it is made once and used by all later
// runs; nothing is downloaded unless an image was named or the official Toxiproxy can be had.
//
//   base        this machine's Node.js and `ss` with their libraries, or the image that the user names
//   node        base + the program of the system under test
//   packets     base + this machine's packet filter, for `minos doctor`
//   toxiproxy   the official image | base + this machine's toxiproxy-server | base + our own server
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import type Docker from "dockerode";
import { ClusterError, type Program } from "../cluster/index.js";
import { buildProxyServer } from "../toxiproxy/index.js";
import { hashEntries, packArchive, readTree, type ArchiveEntry } from "./archive.js";
import { ask, EngineError, messageOf, statusOf, type EngineFacts } from "./engine.js";
import { findProgram, hostRoot, type HostProgram } from "./host-files.js";

/** Looks like a registry that does not exist: no engine will find an image of this name anywhere but at home. */
const repository = "minos.local";
/** A registry that is there answers at once; one behind a firewall may never, and every boot would wait for it. */
const registryAnswerMs = 2_500;
export const officialToxiproxy = "ghcr.io/shopify/toxiproxy:2.12.0";

/** Which server stands between the nodes. `auto`: the official image, else this machine's binary, else our own. */
export type ToxiproxyChoice =
  | { readonly kind: "auto" }
  | { readonly kind: "official"; readonly reference?: string }
  | { readonly kind: "binary"; readonly path?: string }
  | { readonly kind: "builtin" };

export interface ToxiproxyImage {
  readonly reference: string;
  readonly kind: "official" | "binary" | "builtin";
  /** For the run's details. */
  readonly description: string;
  readonly command: (
    host: string,
    port: number,
  ) => { readonly entrypoint: readonly string[]; readonly args: readonly string[] };
  /** Has Node.js and `ss` inside; else a sidecar is needed to read the kernel's counters. */
  readonly hasTools: boolean;
}

export class Images {
  #base: Promise<string> | null = null;

  constructor(
    private readonly docker: Docker,
    private readonly engine: EngineFacts,
    private readonly labels: Readonly<Record<string, string>>,
    /** An image with Node.js that the user named. */
    private readonly named: string | null,
    private readonly signal: AbortSignal,
  ) {}

  /** The named image, pulled when it is not there; else the host's own. */
  async #nodeBase(): Promise<string> {
    if (this.named === null) return this.hostBase();
    await this.pull(this.named);
    return this.named;
  }

  /** An image with this machine's Node.js, and `ss` where the machine has it. */
  hostBase(): Promise<string> {
    this.#base ??= this.#makeHostBase();
    return this.#base;
  }

  async #makeHostBase(): Promise<string> {
    this.#requireSameKind();
    const ss = await findProgram("ss");
    const programs: HostProgram[] = [{ path: process.execPath, target: "/usr/local/bin/node" }];
    if (ss !== null) programs.push({ path: ss, target: "/usr/local/bin/ss" });
    const entries = await hostRoot(programs);
    const tag = hashEntries(entries, "base").slice(0, 16);
    const reference = `${repository}/base:${tag}`;
    if (await this.has(reference)) return reference;
    const archive = await packArchive(entries);
    const labels = Object.entries(this.labels).map(([name, value]) => `LABEL ${name}=${JSON.stringify(value)}`);
    const changes = ["ENV PATH=/usr/local/bin:/usr/bin:/bin", "WORKDIR /", ...labels].join("\n");
    const progress = await this.#ask("import the base image", (abortSignal) =>
      this.docker.importImage(asFile(archive), { repo: `${repository}/base`, tag, changes, abortSignal }),
    );
    await this.#follow(progress);
    return reference;
  }

  /** The host's programs run in a container only on the same operating system and processor. */
  #requireSameKind(): void {
    const arch = { x64: "amd64", arm64: "arm64", ia32: "386", arm: "arm" }[process.arch as string] ?? process.arch;
    if (process.platform === this.engine.os && arch === this.engine.arch) return;
    throw new ClusterError(
      `this machine's Node.js (${process.platform}/${arch}) does not run in the engine's containers (${this.engine.os}/${this.engine.arch})`,
      `name a base image with Node.js, e.g. node:${process.versions.node.split(".")[0]}-slim`,
    );
  }

  /** base + program. */
  async program(program: Program & { readonly kind: "node" }): Promise<string> {
    const files = await readTree(program.directory, "app");
    if (!files.some(({ path }) => path === `app/${program.entry}`))
      throw new ClusterError(`the program's entry ${program.entry} is not in ${program.directory}`);
    return this.#build("node", () => this.#nodeBase(), files, "COPY app /app");
  }

  async toxiproxy(choice: ToxiproxyChoice): Promise<ToxiproxyImage> {
    if (choice.kind !== "auto") return this.#toxiproxy(choice);
    const reasons: string[] = [];
    for (const kind of ["official", "binary"] as const) {
      try {
        return withReasons(await this.#toxiproxy({ kind }), reasons);
      } catch (error) {
        this.signal.throwIfAborted();
        reasons.push(messageOf(error));
      }
    }
    return withReasons(await this.#toxiproxy({ kind: "builtin" }), reasons);
  }

  #toxiproxy(choice: Exclude<ToxiproxyChoice, { kind: "auto" }>): Promise<ToxiproxyImage> {
    switch (choice.kind) {
      case "official":
        return this.#official(choice.reference ?? officialToxiproxy);
      case "binary":
        return this.#fromBinary(choice.path ?? null);
      case "builtin":
        return this.#builtin();
    }
  }

  async #official(reference: string): Promise<ToxiproxyImage> {
    await this.#requireSs();
    await this.pull(reference);
    return {
      reference,
      kind: "official",
      description: `Toxiproxy, image ${reference}`,
      command: (host, port) => ({ entrypoint: ["/toxiproxy"], args: [`-host=${host}`, `-port=${port}`] }),
      hasTools: false,
    };
  }

  async #fromBinary(named: string | null): Promise<ToxiproxyImage> {
    const path = named ?? (await findProgram("toxiproxy-server"));
    if (path === null)
      throw new ClusterError("there is no toxiproxy-server on PATH", "`bash docker/prepare.sh` builds one");
    await this.#requireSs();
    const target = "/usr/local/bin/toxiproxy-server";
    const root = await hostRoot([{ path, target }]);
    // The libraries that Node.js needs too are in the base already and would only be copied over themselves.
    const files = root.filter((entry) => entry.content !== null && !entry.path.startsWith("etc/"));
    const inRoot = files.map((entry) => ({ ...entry, path: `root/${entry.path}` }));
    const reference = await this.#build("toxiproxy", () => this.hostBase(), inRoot, "COPY root /");
    return {
      reference,
      kind: "binary",
      description: `Toxiproxy, image made of ${path}`,
      command: (host, port) => ({ entrypoint: [target], args: ["-host", host, "-port", String(port)] }),
      hasTools: true,
    };
  }

  /** base + this machine's packet filter, for a container that tries what the kernel can do. */
  packetTools(files: readonly ArchiveEntry[]): Promise<string> {
    return this.#build("packets", () => this.hostBase(), files, "COPY root /");
  }

  async #requireSs(): Promise<void> {
    if ((await findProgram("ss")) === null)
      throw new ClusterError(
        "the real Toxiproxy's bytes are counted by `ss`, which this machine lacks",
        "install iproute2, or use the built-in proxy",
      );
    this.#requireSameKind();
  }

  async #builtin(): Promise<ToxiproxyImage> {
    const folder = await mkdtemp(join(tmpdir(), "minos-proxy-"));
    try {
      const bundle = join(folder, "server.mjs");
      await buildProxyServer(bundle);
      const files = [{ path: "proxy/server.mjs", content: await readFile(bundle), mode: 0o644 }];
      const reference = await this.#build("toxiproxy", () => this.#nodeBase(), files, "COPY proxy /proxy");
      return {
        reference,
        kind: "builtin",
        description: `the built-in proxy, image made of ${this.named ?? "this machine's Node.js"}`,
        command: (host, port) => ({
          entrypoint: ["node", "/proxy/server.mjs"],
          args: ["--host", host, "--port", String(port), "--counters"],
        }),
        hasTools: true,
      };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async has(reference: string): Promise<boolean> {
    return this.#ask(`look for the image ${reference}`, () =>
      this.docker
        .getImage(reference)
        .inspect()
        .then(
          () => true,
          (error: unknown) => {
            if (statusOf(error) === 404) return false;
            throw error;
          },
        ),
    );
  }

  async #idOf(reference: string): Promise<string> {
    return this.#ask(
      `inspect the image ${reference}`,
      async () => (await this.docker.getImage(reference).inspect()).Id,
    );
  }

  /** Makes an image be there. The registry is asked first, since a pull from one that is away is slow to say so. */
  async pull(reference: string): Promise<void> {
    if (await this.has(reference)) return;
    try {
      await this.#ask(
        `find ${reference} in its registry`,
        () => this.docker.getImage(reference).distribution(),
        registryAnswerMs,
      );
    } catch (error) {
      this.signal.throwIfAborted();
      const reason = error instanceof EngineError ? error.reason : messageOf(error);
      throw new ClusterError(
        `the image ${reference} is not on this machine and cannot be pulled: ${reason}`,
        "load it with `docker load`, or leave it out to use this machine's own Node.js",
      );
    }
    // The request ends when the pull begins; from there on a pull may take its time, as long as it moves.
    const progress = await this.#ask(`pull ${reference}`, () => this.docker.pull(reference));
    await this.#follow(progress);
  }

  /** FROM base + files, named after both. */
  async #build(
    name: string,
    findBase: () => Promise<string>,
    files: readonly ArchiveEntry[],
    copy: string,
  ): Promise<string> {
    for (let attempt = 1; ; attempt++) {
      const base = await findBase();
      // Our own base is named after its content; another's name may mean another image tomorrow.
      const salt = base === this.named ? await this.#idOf(base) : base;
      const tag = hashEntries(files, salt).slice(0, 16);
      const reference = `${repository}/${name}:${tag}`;
      if (await this.has(reference)) return reference;
      try {
        await this.#buildFrom(base, reference, files, copy);
        return reference;
      } catch (error) {
        // A clean-up may have taken the base away since it was found.
        if (attempt === 2 || (await this.has(base))) throw error;
        this.#base = null;
      }
    }
  }

  async #buildFrom(base: string, reference: string, files: readonly ArchiveEntry[], copy: string): Promise<void> {
    const dockerfile = Buffer.from(`FROM ${base}\n${copy}\n`);
    const context = await packArchive([{ path: "Dockerfile", content: dockerfile, mode: 0o644 }, ...files]);
    const progress = await this.#ask(`build the image ${reference}`, (abortSignal) => {
      const labels = { ...this.labels };
      const options = { t: reference, labels, rm: true, forcerm: true, networkmode: "none", abortSignal };
      return this.docker.buildImage(asFile(context), options);
    });
    await this.#follow(progress);
  }

  /** Reads a stream of progress messages to its end; ten seconds without a message are too many. */
  async #follow(stream: NodeJS.ReadableStream): Promise<void> {
    const readable = stream as Readable;
    let idle: NodeJS.Timeout | undefined;
    const rearm = () => {
      clearTimeout(idle);
      idle = setTimeout(() => readable.destroy(new Error("no progress within 10 s")), 10_000);
    };
    const stop = () => readable.destroy(new Error("stopped"));
    this.signal.addEventListener("abort", stop, { once: true });
    rearm();
    readable.on("data", rearm);
    try {
      await new Promise<void>((resolve, reject) => {
        readable.once("error", reject);
        this.docker.modem.followProgress(readable, (error, output: readonly { readonly error?: string }[] | null) => {
          const failure = error ?? output?.find((message) => message.error !== undefined)?.error;
          if (failure === undefined || failure === null) resolve();
          else reject(failure instanceof Error ? failure : new Error(failure));
        });
      });
    } finally {
      clearTimeout(idle);
      this.signal.removeEventListener("abort", stop);
    }
  }

  #ask<T>(what: string, call: (signal: AbortSignal) => Promise<T>, timeoutMs?: number): Promise<T> {
    return ask(what, call, { signal: this.signal, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
  }
}

/** docker-modem sends a Buffer as it is; the types of dockerode know only paths and streams. */
function asFile(archive: Buffer): NodeJS.ReadableStream {
  return archive as unknown as NodeJS.ReadableStream;
}

/** Why it is not one of those that come first. */
function withReasons(image: ToxiproxyImage, reasons: readonly string[]): ToxiproxyImage {
  if (reasons.length === 0) return image;
  return { ...image, description: `${image.description} (${reasons.join("; ")})` };
}

/**
 * Runs `use`, and once more if an image is gone that was there a moment ago: a clean-up elsewhere may have taken it, as nothing
 * used it yet. `use` makes the image anew.
 */
export async function unlessImageGone<T>(use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    if (error instanceof EngineError && error.status === 404 && /no such image/i.test(error.reason)) return use();
    throw error;
  }
}
