// Three members of an installed etcd on loopback with its default durability, to measure beside the store.
import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Address } from "../cluster/index.js";
import { freePorts } from "./direct-cluster.js";

interface Member {
  readonly name: string;
  readonly client: Address;
  readonly peer: Address;
}

/** `etcd`'s version line, or null where none is installed. */
export function etcdVersion(): string | null {
  const run = spawnSync("etcd", ["--version"], { encoding: "utf8" });
  return run.status === 0 ? (run.stdout.split("\n")[0] ?? "") : null;
}

export class EtcdCluster {
  readonly #members: readonly Member[];
  readonly #directory: string;
  #processes: ChildProcess[] = [];

  private constructor(members: readonly Member[], directory: string) {
    this.#members = members;
    this.#directory = directory;
  }

  static async boot(): Promise<EtcdCluster> {
    const ports = await freePorts(6);
    const at = (index: number): Address => ({ host: "127.0.0.1", port: ports[index] ?? 0 });
    const members = [0, 1, 2].map((index) => ({
      name: `e${index + 1}`,
      client: at(index * 2),
      peer: at(index * 2 + 1),
    }));
    const cluster = new EtcdCluster(members, await fs.mkdtemp(join(tmpdir(), "minos-etcd-")));
    cluster.#processes = members.map((member) => cluster.#start(member));
    try {
      await cluster.leader();
    } catch (error) {
      await cluster.teardown();
      throw error;
    }
    return cluster;
  }

  /** Client address of the leading member. */
  async leader(): Promise<Address> {
    const end = Date.now() + 20_000;
    for (;;) {
      for (const { client } of this.#members) {
        const status = await post(client, "/v3/maintenance/status", {}).catch(() => null);
        const leader = status?.["leader"];
        const header = status?.["header"] as { readonly member_id?: string } | undefined;
        if (typeof leader === "string" && leader !== "0" && header?.member_id === leader) return client;
      }
      if (Date.now() > end) throw new Error("etcd has no leader after 20 s");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** fdatasync calls since start, one number for each member: of its log, and of its backend's commits (two each). */
  async fdatasyncs(): Promise<readonly number[]> {
    return Promise.all(
      this.#members.map(async ({ client }) => {
        const text = await (await fetch(`http://${client.host}:${client.port}/metrics`)).text();
        const count = (name: string): number => Number(new RegExp(`^${name}_count (\\d+)`, "m").exec(text)?.[1] ?? NaN);
        return count("etcd_disk_wal_fsync_duration_seconds") + 2 * count("etcd_disk_backend_commit_duration_seconds");
      }),
    );
  }

  async teardown(): Promise<void> {
    const ends = this.#processes.map(
      (child) =>
        new Promise<void>((resolve) => {
          if (child.exitCode !== null || child.signalCode !== null) resolve();
          else child.once("exit", () => resolve());
        }),
    );
    for (const child of this.#processes) child.kill("SIGKILL");
    await Promise.all(ends);
    await fs.rm(this.#directory, { recursive: true, force: true });
  }

  #start(member: Member): ChildProcess {
    const url = (address: Address): string => `http://${address.host}:${address.port}`;
    const settings = {
      "--name": member.name,
      "--data-dir": join(this.#directory, member.name),
      "--listen-client-urls": url(member.client),
      "--advertise-client-urls": url(member.client),
      "--listen-peer-urls": url(member.peer),
      "--initial-advertise-peer-urls": url(member.peer),
      "--initial-cluster": this.#members.map((each) => `${each.name}=${url(each.peer)}`).join(","),
      "--initial-cluster-state": "new",
      "--log-level": "error",
    };
    return spawn("etcd", Object.entries(settings).flat(), { stdio: "ignore" });
  }
}

async function post(address: Address, path: string, body: unknown): Promise<Readonly<Record<string, unknown>>> {
  const response = await fetch(`http://${address.host}:${address.port}${path}`, {
    method: "POST",
    body: JSON.stringify(body),
  });
  return (await response.json()) as Readonly<Record<string, unknown>>;
}
