// What the engine still has of a run, asked of the engine and not of the cluster.
import { ask, connectEngine } from "../engine.js";
import { label } from "../labels.js";

export async function leftoversOf(runId: string): Promise<readonly string[]> {
  const docker = connectEngine();
  const filters = { label: [`${label.run}=${runId}`] };
  const [containers, networks, volumes] = await Promise.all([
    ask("list the containers", () => docker.listContainers({ all: true, filters })),
    ask("list the networks", () => docker.listNetworks({ filters })),
    ask("list the volumes", () => docker.listVolumes({ filters })),
  ]);
  return [
    ...containers.map(({ Names, Id }) => `container ${Names[0] ?? Id}`),
    ...networks.map(({ Name }) => `network ${Name}`),
    ...(volumes.Volumes ?? []).map(({ Name }) => `volume ${Name}`),
  ];
}
