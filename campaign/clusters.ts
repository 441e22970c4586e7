// The kinds of clusters by name, loaded when they are needed: a local run does not pay for the Docker client.
import type { Cluster, ClusterOptions } from "../cluster/index.js";
import type { ClusterChoice } from "./plan.js";

export interface ClusterSettings {
  /** A `toxiproxy-server`, by path or `PATH` for the one found there: instead of the built-in proxy, or to make the image of. */
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
      const { toxiproxy: path } = settings;
      // `PATH` is what the cluster looks for by itself where the official image cannot be had.
      const toxiproxy =
        path === null
          ? {}
          : { toxiproxy: path === "PATH" ? { kind: "binary" as const } : { kind: "binary" as const, path } };
      return (options) => createDockerCluster({ ...options, ...baseImage, ...toxiproxy });
    }
    case "simulation": {
      const { createPacedCluster } = await import("../simulation/index.js");
      return createPacedCluster;
    }
  }
}
