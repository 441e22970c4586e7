// The way to the Docker engine: every call has a time limit, and every failure becomes a ClusterError that says what was
// asked, what came back and what the user can do.
import Docker from "dockerode";
import { ClusterError, withLimit } from "../cluster/index.js";

/** No call that awaits the engine waits longer. */
export const engineTimeoutMs = 10_000;

/** Where docker-modem will look, in words. It reads DOCKER_HOST and knows nothing of docker contexts. */
function engineAddress(): string {
  return process.env["DOCKER_HOST"] ?? "the local Docker socket";
}

/** The engine that DOCKER_HOST or the local socket leads to; nothing is asked of it yet. */
export function connectEngine(): Docker {
  const elsewhere = remoteHost(process.env["DOCKER_HOST"] ?? "");
  if (elsewhere !== null)
    throw new ClusterError(
      `the Docker engine at ${elsewhere} is on another machine`,
      // Whose owners cannot be told alive or dead from here, either.
      "Minos reaches its containers by ports on 127.0.0.1, so it needs an engine on this machine: unset DOCKER_HOST, or run Minos there",
    );
  try {
    return new Docker();
  } catch (error) {
    throw noEngine(messageOf(error));
  }
}

/** The host of another machine in a DOCKER_HOST; null when it leads to a socket or to this machine. */
export function remoteHost(dockerHost: string): string | null {
  const match = /^(?:tcp|https?|ssh):\/\/(?:[^@/]*@)?(\[[^\]]*\]|[^:/]*)/.exec(dockerHost);
  const host = match?.[1] ?? "";
  return ["", "localhost", "127.0.0.1", "[::1]"].includes(host) ? null : host;
}

export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // docker-modem: "(HTTP code 404) no such container - No such container: x "
  const text = error.message.replace(/^\(HTTP code \d+\) .*? - /s, "").trim();
  return text === "" ? ((error as NodeJS.ErrnoException).code ?? error.name) : text;
}

/** Status of the engine's HTTP answer; null when it never answered. */
export function statusOf(error: unknown): number | null {
  const status = (error as { readonly statusCode?: unknown } | null)?.statusCode;
  return typeof status === "number" ? status : null;
}

function noEngine(reason: string): ClusterError {
  return new ClusterError(
    `no Docker engine answers at ${engineAddress()}: ${reason}`,
    "start Docker (on Debian `bash docker/prepare.sh` installs and starts it), point DOCKER_HOST at an engine, " +
      "or run without containers by `--on local`",
  );
}

/** The engine answered with an error, or not in time. */
export class EngineError extends ClusterError {
  constructor(
    readonly what: string,
    readonly reason: string,
    /** HTTP status, or null when there was no answer. */
    readonly status: number | null,
    hint: string | null = null,
  ) {
    super(`Docker could not ${what}: ${reason}`, hint);
    this.name = "EngineError";
  }
}

/**
 * One call of the engine. `call` gets a signal that ends the request at the time limit or when `signal` fires.
 * @param what what is being done, to complete "Docker could not …"
 */
export async function ask<T>(
  what: string,
  call: (signal: AbortSignal) => Promise<T>,
  {
    timeoutMs = engineTimeoutMs,
    signal = neverAborted,
  }: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
): Promise<T> {
  let late = false;
  try {
    return await withLimit(signal, timeoutMs, (limited) => {
      // docker-modem's own promise may stay open after an abort, so the signal races it.
      const ended = new Promise<never>((_, reject) => {
        const end = () => {
          late = true;
          reject(new Error("aborted"));
        };
        limited.addEventListener("abort", end, { once: true });
        if (limited.aborted) end();
      });
      return Promise.race([limited.aborted ? ended : call(limited), ended]);
    });
  } catch (error) {
    if (signal.aborted) throw new ClusterError(`stopped while trying to ${what}`);
    if (late) throw new EngineError(what, `no answer within ${timeoutMs} ms`, null);
    if (error instanceof ClusterError) throw error;
    throw new EngineError(what, messageOf(error), statusOf(error));
  }
}

const neverAborted = new AbortController().signal;

export interface EngineFacts {
  readonly version: string;
  readonly apiVersion: string;
  readonly os: string;
  readonly arch: string;
  readonly cpus: number;
  readonly memoryLimit: boolean;
  readonly pidsLimit: boolean;
  readonly cpuLimit: boolean;
}

/** What answers at the other end. Rejects with "no Docker engine answers …" when nothing does. */
export async function readEngine(docker: Docker, signal?: AbortSignal): Promise<EngineFacts> {
  const options = { timeoutMs: 5_000, ...(signal === undefined ? {} : { signal }) };
  try {
    const [version, info] = await Promise.all([
      ask("tell its version", () => docker.version(), options),
      ask("describe itself", () => docker.info() as Promise<Record<string, unknown>>, options),
    ]);
    return {
      version: version.Version,
      apiVersion: version.ApiVersion,
      os: version.Os,
      arch: version.Arch,
      cpus: Number(info["NCPU"] ?? 1),
      memoryLimit: info["MemoryLimit"] === true,
      pidsLimit: info["PidsLimit"] === true,
      cpuLimit: info["CpuCfsQuota"] === true,
    };
  } catch (error) {
    if (error instanceof EngineError) throw noEngine(error.reason);
    throw error;
  }
}
