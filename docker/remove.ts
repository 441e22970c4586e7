// Removing everything of one cluster: containers, networks, volumes. What cannot be removed is told, not thrown.
import type Docker from "dockerode";
import { ask, EngineError, messageOf } from "./engine.js";
import { label } from "./labels.js";

const maxRounds = 3;

/**
 * Kills the containers, lets `whenStopped` read what they left, removes everything, and looks again whether it is gone.
 * @returns what is left
 */
export async function removeCluster(
  docker: Docker,
  cluster: string,
  whenStopped: () => Promise<void> = async () => undefined,
): Promise<readonly string[]> {
  const troubles = new Set<string>();
  const attempt = async (what: string, call: (signal: AbortSignal) => Promise<unknown>): Promise<void> => {
    try {
      await ask(what, call);
    } catch (error) {
      // Gone already, being removed by another, or not running: as wished.
      if (error instanceof EngineError && (error.status === 404 || error.status === 409)) return;
      troubles.add(messageOf(error));
    }
  };
  try {
    const running = await listContainers(docker, cluster);
    await Promise.all(
      running
        .filter(({ State }) => State === "running" || State === "paused")
        .map(({ Id, Names }) => attempt(`kill ${Names[0]}`, () => docker.getContainer(Id).kill())),
    );
    await whenStopped();
    for (let round = 0; round < maxRounds; round++) {
      const [containers, networks, volumes] = await listAll(docker, cluster);
      if (containers.length + networks.length + volumes.length === 0) return [];
      await Promise.all(
        containers.map(({ Id, Names }) =>
          attempt(`remove ${Names[0]}`, (abortSignal) =>
            docker.getContainer(Id).remove({ force: true, v: true, abortSignal } as Docker.ContainerRemoveOptions),
          ),
        ),
      );
      await Promise.all([
        ...networks.map(({ Id, Name }) =>
          attempt(`remove the network ${Name}`, (abortSignal) => docker.getNetwork(Id).remove({ abortSignal })),
        ),
        ...volumes.map(({ Name }) =>
          attempt(`remove the volume ${Name}`, (abortSignal) => docker.getVolume(Name).remove({ abortSignal })),
        ),
      ]);
    }
    const [containers, networks, volumes] = await listAll(docker, cluster);
    const left = [
      ...containers.map(({ Names, Id }) => `container ${Names[0]?.slice(1) ?? Id}`),
      ...networks.map(({ Name }) => `network ${Name}`),
      ...volumes.map(({ Name }) => `volume ${Name}`),
    ];
    return left.length === 0 ? [] : [...left, ...troubles];
  } catch (error) {
    return [`unknown: ${messageOf(error)}`, ...troubles];
  }
}

function filterOf(cluster: string) {
  return { label: [`${label.cluster}=${cluster}`] };
}

function listContainers(docker: Docker, cluster: string): Promise<Docker.ContainerInfo[]> {
  return ask("list the containers", (abortSignal) =>
    docker.listContainers({ all: true, filters: filterOf(cluster), abortSignal }),
  );
}

function listAll(docker: Docker, cluster: string) {
  const filters = filterOf(cluster);
  return Promise.all([
    listContainers(docker, cluster),
    ask("list the networks", (abortSignal) => docker.listNetworks({ filters, abortSignal })),
    ask("list the volumes", (abortSignal) => docker.listVolumes({ filters, abortSignal })).then(
      ({ Volumes }) => Volumes ?? [],
    ),
  ]);
}
