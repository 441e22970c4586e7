// The kinds of clusters by name, loaded when they are needed: a local run does not pay for the Docker client.
import type { Cluster, ClusterOptions } from "../cluster/index.js";
import type { ClusterChoice } from "./plan.js";

export interface ClusterSettings {
  /** Instead of the built-in proxy: a `toxiproxy-server`, by path or `PATH` for the one found there. */
  readonly toxiproxy: string | null;
  /** docker: base image of the nodes; null: made from the host's own Node.js. */
  readonly baseImage: string | null;
}

export type ClusterFactory = (options: ClusterOptions) => Cluster;

export async function clusterFactory(on: ClusterChoice, settings: ClusterSettings): Promise<ClusterFactory> {
  switch (on) {
    case "local": {
      const { createLocalCluster } = await import("../local/index.js");
      const proxy = settings.toxiproxy === null ? "builtin" : { toxiproxyServer: settings.toxiproxy };
      return (options) => createLocalCluster({ ...options, proxy });
    }
    case "docker": {
      const { createDockerCluster } = await import("../docker/index.js");
      const baseImage = settings.baseImage === null ? {} : { baseImage: settings.baseImage };
      return (options) => createDockerCluster({ ...options, ...baseImage });
    }
    case "simulation":
      throw new Error("simulation is not there yet");
  }
}
