// Runs a command inside a container, for tests that look at things from there.
import type { Readable } from "node:stream";
import { PassThrough } from "node:stream";
import type Docker from "dockerode";
import { ask } from "../engine.js";

/** Standard output and error of a command. Rejects when it fails. */
export async function runInside(
  docker: Docker,
  container: Docker.Container,
  command: readonly string[],
): Promise<string> {
  const options = { Cmd: [...command], AttachStdout: true, AttachStderr: true };
  const exec = await ask("prepare a command in a container", () => container.exec(options));
  const stream = await ask("run a command in a container", () => exec.start({}));
  const text = await ask("read a command's output", () => readOutput(docker, stream));
  const { ExitCode } = await ask("inspect a command", () => exec.inspect());
  if (ExitCode !== 0) throw new Error(`${command[0]} ended with code ${ExitCode}: ${text}`);
  return text;
}

function readOutput(docker: Docker, stream: Readable): Promise<string> {
  const output = new PassThrough();
  let text = "";
  output.setEncoding("utf8");
  output.on("data", (chunk: string) => (text += chunk));
  docker.modem.demuxStream(stream, output, output);
  return new Promise((resolve, reject) => {
    stream.once("error", reject);
    stream.once("end", () => output.end());
    output.once("end", () => resolve(text));
  });
}
