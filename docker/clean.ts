// Removes what interrupted runs left in the engine. Only what carries our labels is looked at, and only what belongs to an
// owner who is dead by pid, start time and boot id is touched.
import type Docker from "dockerode";
import { ownerLives, type CleanReport, type Owner } from "../cluster/index.js";
import { ask, connectEngine, EngineError, messageOf, readEngine } from "./engine.js";
import { label, ownerOf, runOf, type Labels } from "./labels.js";
import { removeCluster } from "./remove.js";

export interface CleanDockerOptions {
  /** Default: what DOCKER_HOST says, else the local socket. */
  readonly engine?: Docker;
}

interface Found {
  readonly cluster: string;
  readonly run: string;
  readonly owner: Owner | null;
}

/** Rejects with ClusterError when no engine answers. */
export async function cleanDocker(options: CleanDockerOptions = {}): Promise<CleanReport> {
  const docker = options.engine ?? connectEngine();
  await readEngine(docker);
  const removed: string[] = [];
  const kept: string[] = [];
  const failed: string[] = [];
  const clusters = await findClusters(docker);
  for (const { cluster, run, owner } of clusters) {
    if (owner === null || ownerLives(owner)) {
      kept.push(
        owner === null ? `run ${run}: its labels name no owner` : `run ${run}: its owner, process ${owner.pid}, lives`,
      );
      continue;
    }
    const leftBehind = await removeCluster(docker, cluster);
    if (leftBehind.length === 0) removed.push(`run ${run}: containers, networks and volumes`);
    else failed.push(...leftBehind.map((what) => `run ${run}: ${what}`));
  }
  await removeImages(docker, removed, failed);
  return { removed, kept, failed };
}

async function findClusters(docker: Docker): Promise<readonly Found[]> {
  const filters = { label: [label.cluster] };
  const [containers, networks, volumes] = await Promise.all([
    ask("list the containers", (abortSignal) => docker.listContainers({ all: true, filters, abortSignal })),
    ask("list the networks", (abortSignal) => docker.listNetworks({ filters, abortSignal })),
    ask("list the volumes", (abortSignal) => docker.listVolumes({ filters, abortSignal })),
  ]);
  const labels: readonly (Labels | undefined)[] = [...containers, ...networks, ...(volumes.Volumes ?? [])].map(
    (thing) => thing.Labels,
  );
  const found = new Map<string, Found>();
  for (const of of labels) {
    const cluster = of?.[label.cluster];
    if (cluster === undefined) continue;
    const owner = ownerOf(of);
    // One thing without a readable owner protects the whole cluster.
    const before = found.get(cluster);
    found.set(cluster, { cluster, run: runOf(of), owner: before === undefined ? owner : before.owner && owner });
  }
  return [...found.values()];
}

/** Images are shared by runs that have the same program; the engine refuses to remove one that a container uses. */
async function removeImages(docker: Docker, removed: string[], failed: string[]): Promise<void> {
  const filters = { label: [`${label.role}=image`] };
  const images = await ask("list the images", (abortSignal) => docker.listImages({ filters, abortSignal }));
  const dead = images.filter((image) => {
    const owner = ownerOf(image.Labels);
    return owner !== null && !ownerLives(owner);
  });
  // Those made last stand on those made first.
  for (const image of dead.sort((a, b) => b.Created - a.Created || (b.ParentId === a.Id ? -1 : 1))) {
    // An image that lost its name to a newer one is listed as `<none>:<none>` by some engines, and as nothing by others.
    const names = (image.RepoTags ?? []).filter((name) => name !== "<none>:<none>");
    for (const name of names.length > 0 ? names : [image.Id]) {
      try {
        await ask(`remove the image ${name}`, (abortSignal) =>
          docker.getImage(name).remove({ abortSignal } as Docker.ImageRemoveOptions),
        );
        removed.push(`image ${name}`);
      } catch (error) {
        const inUse = error instanceof EngineError && (error.status === 409 || error.status === 404);
        if (!inUse) failed.push(`image ${name}: ${messageOf(error)}`);
      }
    }
  }
}
