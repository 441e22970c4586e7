// What is left when Minos itself is killed, and what removes it: a cluster booted by another process, which then dies.
import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { currentOwner } from "../cluster/index.js";
import { packArchive } from "./archive.js";
import { connectEngine } from "./engine.js";
import { cleanDocker } from "./index.js";
import { imageLabelsOf, labelsOf } from "./labels.js";
import { bootTiny } from "./testing/boot.js";
import { leftoversOf } from "./testing/leftovers.js";
import { describeWithDocker } from "./testing/require-docker.js";

const script = fileURLToPath(new URL("testing/orphan-maker.ts", import.meta.url));

/** A cluster whose owner is a process of its own. */
async function bootElsewhere(): Promise<{ readonly runId: string; readonly owner: ChildProcess }> {
  const runId = `orphan-${randomUUID().slice(0, 8)}`;
  const directory = mkdtempSync(join(tmpdir(), "minos-orphan-"));
  const owner = spawn(process.execPath, ["--import", "tsx", script, runId, directory], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(async () => {
    await kill(owner);
    await cleanDocker();
    rmSync(directory, { recursive: true, force: true });
  });
  let said = "";
  for await (const chunk of owner.stdout ?? []) {
    said += String(chunk);
    if (said.includes("booted")) return { runId, owner };
  }
  throw new Error(`the other process ended without a cluster: ${said}`);
}

async function kill(owner: ChildProcess): Promise<void> {
  if (owner.exitCode !== null || owner.signalCode !== null) return;
  owner.kill("SIGKILL");
  await once(owner, "exit");
}

await describeWithDocker("cleaning up after dead runs", () => {
  test("after its owner was killed a run is removed whole, and a run whose owner lives is not touched", async () => {
    const { runId, owner } = await bootElsewhere();
    const living = await bootTiny();
    const before = await cleanDocker();
    expect(before.kept).toContain(`run ${runId}: its owner, process ${owner.pid}, lives`);
    // Two nodes and Toxiproxy; a network for each and one that leads to the host.
    expect(await leftoversOf(runId)).toHaveLength(6);
    await kill(owner);
    // Left as they are: nobody else stops a dead run's containers.
    expect(await leftoversOf(runId)).toHaveLength(6);
    const report = await cleanDocker();
    expect(report.failed).toEqual([]);
    expect(report.removed).toContain(`run ${runId}: containers, networks and volumes`);
    expect(report.kept).toContain(`run ${living.runId}: its owner, process ${process.pid}, lives`);
    expect(await leftoversOf(runId)).toEqual([]);
    expect(await leftoversOf(living.runId)).toHaveLength(6);
    for (const node of living.cluster.nodes)
      expect((await living.cluster.status(node, AbortSignal.timeout(5_000))).ready).toBe(true);
  });

  test("volumes of a dead run go too; what carries no owner, and what carries none of our labels, stays", async () => {
    const docker = connectEngine();
    const runId = `volumes-${randomUUID().slice(0, 8)}`;
    const identity = { runId, owner: { ...currentOwner(), bootId: "an earlier boot" } };
    const make = async (what: string, Labels: Record<string, string>) => {
      const Name = `minos-${runId}-${what}`;
      await docker.createVolume({ Name, Labels });
      onTestFinished(async () => {
        await docker
          .getVolume(Name)
          .remove()
          .catch(() => undefined);
      });
      return `volume ${Name}`;
    };
    const dead = await make("dead", labelsOf({ ...identity, cluster: `${runId}-1` }, "node"));
    const ownerless = await make("ownerless", { "minos.run": runId, "minos.cluster": `${runId}-2` });
    const strange = await make("strange", { "com.example": "x" });
    expect([...(await leftoversOf(runId))].sort()).toEqual([dead, ownerless].sort());
    const report = await cleanDocker();
    expect(report.failed).toEqual([]);
    expect(report.kept).toContain(`run ${runId}: its labels name no owner`);
    expect(await leftoversOf(runId)).toEqual([ownerless]);
    expect((await docker.listVolumes()).Volumes.map(({ Name }) => `volume ${Name}`)).toContain(strange);
  });

  test("an image goes with the run that made it, unless a container uses it", async () => {
    const docker = connectEngine();
    const cluster = `images-${randomUUID().slice(0, 8)}`;
    const owner = { ...currentOwner(), bootId: "an earlier boot" };
    const labels = imageLabelsOf({ runId: cluster, cluster, owner });
    const reference = `minos.local/test:${cluster}`;
    const archive = await packArchive([{ path: "empty", content: Buffer.from(""), mode: 0o644 }]);
    const changes = Object.entries(labels).map(([name, value]) => `LABEL ${name}=${JSON.stringify(value)}`);
    const options = { repo: "minos.local/test", tag: cluster, changes: changes.join("\n") };
    const progress = await docker.importImage(archive as unknown as NodeJS.ReadableStream, options);
    await new Promise((resolve) => docker.modem.followProgress(progress, resolve));
    // With no labels but those of its image, which must not make it look like a run's.
    const user = await docker.createContainer({ Image: reference, Cmd: ["/empty"] });
    const exists = async () =>
      (await docker.listImages()).some(({ RepoTags }) => RepoTags?.includes(reference) === true);
    try {
      const refused = await cleanDocker();
      expect(refused.failed).toEqual([]);
      expect(await exists()).toBe(true);
    } finally {
      await user.remove();
    }
    const report = await cleanDocker();
    expect(report.removed).toContain(`image ${reference}`);
    expect(await exists()).toBe(false);
  });
});
