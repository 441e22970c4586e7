// What Minos must know of your system. Run it: npx minos run --plan plan.yaml
import { fileURLToPath } from "node:url";
import type { Address, NodeStatus, SystemUnderTest } from "minos-suite/cluster";
import { ToyClient } from "./client.mjs";
import { handOver } from "./workload.mjs";

/** Asks a port that no fault touches. TODO: your system's health or status call. */
async function status({ host, port }: Address, signal: AbortSignal): Promise<NodeStatus> {
  const answer = await fetch(`http://${host}:${port}/`, { signal });
  const { node, nodes, home, starts } = (await answer.json()) as {
    node: NodeStatus["node"];
    nodes: NodeStatus["node"][];
    home: NodeStatus["node"];
    starts: number;
  };
  // `leader` is whom faults that aim at leaders hit; `decidedIndex` and `logHash` compare replicas' logs, where there are any.
  const group = { group: 0, members: nodes, leader: home, ballot: "1", phase: "", decidedIndex: 0, logHash: "" };
  // `incarnation` must grow with every start: by it a kill is confirmed.
  return { node, ready: true, incarnation: starts, groups: [group], suspected: [] };
}

const system: SystemUnderTest = {
  name: "toy",
  version: "1",
  buildHash: null,
  // What it claims, and what its clients can do (docs/workloads.md says which workload needs what).
  model: "cas-register",
  initialValue: null,
  functions: ["get", "put", "cas"],
  // Each node is told its own address for each peer. "shared": all use one name, and directed faults are refused.
  peerAddressing: "per-observer",
  ports: { client: 7001, peer: 7002, admin: 7003 },
  stopSignal: "SIGTERM",
  timing: { electionTimeoutMs: 500, bootTimeoutMs: 20_000 },
  crashPatterns: [/Error:/],
  filesToCollect: ["values.json"],
  wipedNodeMayRejoin: false,
  refuses: (nodes, replication) => (nodes === replication ? null : "all nodes are one group"),
  launch: (context) => ({
    // TODO: your program. A folder with JavaScript runs as a process or in an image made of it; other kinds:
    //   { kind: "executable", path: "/usr/bin/my-server" }                          --on local
    //   { kind: "image", reference: "my/server:1.2", command: ["--serve"] }          --on docker
    program: { kind: "node", directory: fileURLToPath(new URL("server", import.meta.url)), entry: "server.js" },
    // TODO: how a node learns its name, where to listen, and how *it* must dial each peer (a proxy: that is how links are cut).
    args: [JSON.stringify({ ...context, peers: Object.fromEntries(context.peers) })],
    environment: {},
    files: [],
  }),
  status,
  groupOfKey: () => 0,
  connect: async (address) => new ToyClient(address),
};

export default system;

/** Workloads of your own: `--workload hand-over`, or `workload:` in a plan. */
export const workloads = [handOver];
