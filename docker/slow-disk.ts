// A disk that takes little a second: a limit in the control group of one container, which the kernel holds its writes back by. The engine sets
// such limits only when a container is made, so they are written where the kernel reads them; that takes root on the engine's own machine.
import { accessSync, constants, readFileSync, statSync } from "node:fs";
import { access, readFile, writeFile } from "node:fs/promises";
import type Docker from "dockerode";
import { ClusterError, type WriteProbe } from "../cluster/index.js";
import { ask, messageOf } from "./engine.js";
import { dataDirectory } from "./host-files.js";
import { runInside } from "./run-inside.js";

const root = "/sys/fs/cgroup";

/** Why this machine's kernel would take no such limit from us; null: it would. Version 1 has a controller of its own, version 2 one file for all. */
export function whyNoSlowDisks(): string | null {
  try {
    const second = readFileSyncOrNull(`${root}/cgroup.controllers`);
    if (second !== null && !second.split(/\s+/).includes("io"))
      return "the kernel's control groups have no io controller";
    accessSync(second === null ? `${root}/blkio` : root, constants.W_OK);
    return null;
  } catch (error) {
    return `the control groups of this machine cannot be written to (${messageOf(error)}): it takes root, and the engine on this machine`;
  }
}

function readFileSyncOrNull(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

/** Bytes a second that the container's processes may write; null: as many as the disk takes. */
export async function limitWrites(
  docker: Docker,
  cgroups: ReadonlyMap<string, string>,
  bytesPerS: number | null,
): Promise<void> {
  const device = await deviceOf(docker);
  const [blkio, unified] = [cgroups.get("blkio"), cgroups.get("")];
  const choices = [
    ...(blkio === undefined
      ? []
      : [{ path: `${root}/blkio${blkio}/blkio.throttle.write_bps_device`, text: `${device} ${bytesPerS ?? 0}` }]),
    ...(unified === undefined
      ? []
      : [{ path: `${root}${unified}/io.max`, text: `${device} wbps=${bytesPerS ?? "max"}` }]),
  ];
  for (const { path, text } of choices) {
    const there = await access(path).then(
      () => true,
      () => false,
    );
    if (there) return writeFile(path, text);
  }
  throw new ClusterError("the container's control group has no limit for a disk on this machine");
}

/** The whole disk, "major:minor", on which the engine keeps its containers: the kernel takes no limit for a part of one. */
async function deviceOf(docker: Docker): Promise<string> {
  const { DockerRootDir } = (await ask("ask where containers lie", () => docker.info())) as {
    readonly DockerRootDir: string;
  };
  const { dev } = statSync(DockerRootDir);
  // As the C library takes a device's number apart.
  const number = `${(dev >>> 8) & 0xfff}:${(dev & 0xff) | ((dev >>> 12) & 0xfff00)}`;
  const part = await access(`/sys/dev/block/${number}/partition`).then(
    () => true,
    () => false,
  );
  return part ? (await readFile(`/sys/dev/block/${number}/../dev`, "utf8")).trim() : number;
}

/** For `node -e`, as the node's own user, in its own container: so much written and made durable, and what it took. */
const program = `
const fs = require("node:fs");
const [path, bytes] = process.argv.slice(1);
const file = fs.openSync(path, "w");
const began = process.hrtime.bigint();
fs.writeSync(file, Buffer.alloc(Number(bytes), 1));
fs.fdatasyncSync(file);
const tookMs = Number(process.hrtime.bigint() - began) / 1e6;
fs.closeSync(file);
fs.rmSync(path);
console.log(JSON.stringify({ tookMs }));
`;

/** Rejects where the container's image has no Node.js, or it does not run. */
export async function probeWrites(docker: Docker, container: Docker.Container, bytes: number): Promise<WriteProbe> {
  const command = ["node", "-e", program, `${dataDirectory}/.minos-probe`, String(bytes)];
  const { output, errors } = await runInside(docker, container, command, "try the disk");
  const found = /"tookMs":([\d.]+)/.exec(output)?.[1];
  if (found === undefined)
    throw new ClusterError(`the disk could not be tried: ${(errors || output).trim().slice(0, 200)}`);
  return { bytes, tookMs: Number(found) };
}
