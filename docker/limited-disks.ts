// Disks with an end: for each node a volume in memory of a fixed size, which is its data directory. So a disk can be filled to its last byte
// without touching the machine's own. A container beside the nodes has all of them mounted: what is in a volume in memory lives only as
// long as somebody holds it, and a node that is killed must find its files again.
import type Docker from "dockerode";
import { ClusterError, type DiskSpace, type NodeName } from "../cluster/index.js";
import { ask, type EngineFacts } from "./engine.js";
import { containerUser } from "./host-files.js";
import { label, labelsOf, type RunIdentity } from "./labels.js";
import { hostConfig } from "./limits.js";
import { runInside } from "./run-inside.js";

/** What a store writes in minutes, and little enough that a machine can hold those of all nodes, full. */
const diskMb = 32;
/** For the program that fills disks. */
const holderMb = 96;

/** For `node -e`: "fill", "empty" or "look", and a directory. Writes smaller and smaller pieces, until not one byte more fits. */
const program = `
const fs = require("node:fs");
const [what, directory] = process.argv.slice(1);
const filler = directory + "/.minos-filler";
if (what === "fill") {
  const file = fs.openSync(filler, "a");
  for (let bytes = 1 << 20; bytes >= 1; ) {
    try {
      fs.writeSync(file, Buffer.alloc(bytes));
    } catch (error) {
      if (error.code !== "ENOSPC") throw error;
      bytes = Math.floor(bytes / 2);
    }
  }
  fs.closeSync(file);
}
if (what === "empty") fs.rmSync(filler, { force: true });
const { bavail, blocks, bsize } = fs.statfsSync(directory);
console.log(JSON.stringify({ freeBytes: bavail * bsize, totalBytes: blocks * bsize }));
`;

export interface LimitedDisksOptions {
  readonly docker: Docker;
  readonly engine: EngineFacts;
  readonly identity: RunIdentity;
  readonly nodes: readonly NodeName[];
  /** Image with Node.js. */
  readonly image: () => Promise<string>;
}

export class LimitedDisks {
  readonly #options: LimitedDisksOptions;
  #holder: Docker.Container | null = null;

  constructor(options: LimitedDisksOptions) {
    this.#options = options;
  }

  volumeOf(node: NodeName): string {
    const { runId, cluster } = this.#options.identity;
    return `minos-${runId}-${cluster}-${node}-disk`;
  }

  /** Before the nodes' containers, which mount the volumes. */
  async create(): Promise<void> {
    const { docker, engine, identity, nodes } = this.#options;
    const labels = labelsOf(identity, "disks");
    await Promise.all(
      nodes.map((node) =>
        ask(`create the disk of ${node}`, (abortSignal) =>
          docker.createVolume({
            Name: this.volumeOf(node),
            Driver: "local",
            DriverOpts: { type: "tmpfs", device: "tmpfs", o: `size=${diskMb}m` },
            Labels: { ...labels, [label.node]: node },
            abortSignal,
          }),
        ),
      ),
    );
    const image = await this.#options.image();
    const holder = await ask("create the container that holds the disks", (abortSignal) =>
      docker.createContainer({
        name: `minos-${identity.runId}-${identity.cluster}-disks`,
        Image: image,
        Cmd: ["node", "-e", "setInterval(() => {}, 1e9)"],
        User: `${containerUser}:${containerUser}`,
        Labels: labels,
        HostConfig: {
          // What it fills a disk with counts as its memory.
          ...hostConfig({ memoryMb: holderMb + nodes.length * diskMb, pids: 64, cpus: 1 }, engine),
          NetworkMode: "none",
          Mounts: nodes.map((node) => ({ Type: "volume", Source: this.volumeOf(node), Target: `/disks/${node}` })),
        },
        abortSignal,
      }),
    );
    await ask("start the container that holds the disks", (abortSignal) => holder.start({ abortSignal }));
    this.#holder = holder;
  }

  async fill(node: NodeName, full: boolean): Promise<void> {
    await this.#run(full ? "fill" : "empty", node);
  }

  /** As the file system itself says. */
  look(node: NodeName): Promise<DiskSpace> {
    return this.#run("look", node);
  }

  async #run(what: "fill" | "empty" | "look", node: NodeName): Promise<DiskSpace> {
    const { docker } = this.#options;
    const holder = this.#holder;
    if (holder === null) throw new ClusterError("the disks were not made");
    const command = ["node", "-e", program, what, `/disks/${node}`];
    const { output, errors } = await runInside(docker, holder, command, `${what} the disk of ${node}`);
    return parseSpace(output) ?? fail(`could not ${what} the disk of ${node}: ${(errors || output).trim()}`);
  }
}

const fail = (sentence: string): never => {
  throw new ClusterError(sentence);
};

function parseSpace(text: string): DiskSpace | null {
  try {
    const { freeBytes, totalBytes } = JSON.parse(text) as Partial<DiskSpace>;
    return typeof freeBytes === "number" && typeof totalBytes === "number" ? { freeBytes, totalBytes } : null;
  } catch {
    return null;
  }
}
