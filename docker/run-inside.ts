// One program run to its end inside a container, and what it said.
import { PassThrough } from "node:stream";
import type Docker from "dockerode";
import { ClusterError } from "../cluster/index.js";
import { ask } from "./engine.js";

const callTimeoutMs = 8_000;
const maxSaidBytes = 1 << 20;

export interface Said {
  readonly output: string;
  readonly errors: string;
  readonly exitCode: number | null;
}

/** Rejects with ClusterError when it cannot be started or does not end in eight seconds; an exit code is no rejection. */
export async function runInside(
  docker: Docker,
  container: Docker.Container,
  command: readonly string[],
  what: string,
): Promise<Said> {
  const exec = await ask(what, (abortSignal) =>
    container.exec({ Cmd: [...command], AttachStdout: true, AttachStderr: true, abortSignal }),
  );
  const stream = await ask(what, () => exec.start({ hijack: true, stdin: false }));
  const [output, errors] = [new PassThrough(), new PassThrough()];
  docker.modem.demuxStream(stream, output, errors);
  const said = { output: "", errors: "" };
  const take = (name: "output" | "errors") => (chunk: Buffer) => {
    said[name] = (said[name] + chunk.toString()).slice(0, maxSaidBytes);
  };
  output.on("data", take("output"));
  errors.on("data", take("errors"));
  const late = setTimeout(
    () => stream.destroy(new ClusterError(`${what}: no end within ${callTimeoutMs} ms`)),
    callTimeoutMs,
  );
  await new Promise<void>((resolve, reject) => {
    stream.once("end", resolve);
    stream.once("error", reject);
  }).finally(() => clearTimeout(late));
  const { ExitCode } = await ask(what, (abortSignal) => exec.inspect({ abortSignal }));
  return { ...said, exitCode: ExitCode };
}
