// The store as the suite sees it: its `SystemUnderTest`, made from a build, and single operations for the command line.
import * as http from "node:http";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import type {
  Address,
  ClientReply,
  Decision,
  DeterministicSystem,
  GroupLayout,
  JsonValue,
  NodeContext,
  NodeStatus,
  SystemUnderTest,
} from "../cluster/index.js";
import type { SystemBuild } from "./build.js";
import { durableRanges } from "./durable-ranges.js";
import { electionTimeoutMs } from "./runtime/timing.js";

/** What `client.js` of a build exports. */
export type ClientModule = typeof import("./client/index.js");

/** A page of decisions may hold long keys and values. */
const maximumAdminBytes = 64 * 1024 * 1024;

/** The client of a build, as a value. */
export async function loadClient(build: SystemBuild): Promise<ClientModule> {
  return (await import(pathToFileURL(join(build.directory, build.client)).href)) as ClientModule;
}

/** The system under test that a build is; its client is the build's own. */
export async function storeSystem(build: SystemBuild): Promise<SystemUnderTest> {
  const client = await loadClient(build);
  return {
    name: build.name,
    version: build.version,
    buildHash: build.hash,
    model: "cas-register",
    initialValue: null,
    functions: ["get", "put", "cas"],
    peerAddressing: "per-observer",
    ports: { client: 7000, peer: 7001, admin: 7002 },
    stopSignal: "SIGTERM",
    timing: { electionTimeoutMs, bootTimeoutMs: 15_000 },
    crashPatterns: [/^FATAL /],
    filesToCollect: ["node.json"],
    wipedNodeMayRejoin: false,
    refusesWipedNodes: true,
    durableRanges,
    noticesTruncation: true,
    electsLeaders: true,
    repeatsRequests: true,
    refuses: refuseSize,
    launch: (context) => ({
      program: { kind: "node", directory: build.directory, entry: build.node },
      args: nodeArguments(context),
      environment: {},
      files: [],
    }),
    status: async (admin, signal) => (await getJson(admin, "/status", signal)) as NodeStatus,
    groupOfKey: (key, groups) => groupOfKey(client, key, groups),
    decisions: async (admin, group, from, signal) =>
      (await getJson(admin, `/decisions?group=${group}&from=${from}`, signal)) as readonly Decision[],
    connect: async (address, signal) => client.connect(address, signal),
    deterministic: async () => {
      const module: unknown = await import(pathToFileURL(join(build.directory, build.simulation)).href);
      return (module as { readonly deterministicSystem: DeterministicSystem }).deterministicSystem;
    },
  };
}

function refuseSize(nodes: number, replication: number): string | null {
  if (replication < 1) return "the replication degree must be at least 1";
  if (nodes % replication !== 0)
    return `${nodes} nodes cannot be divided into groups of ${replication}: give a multiple of ${replication}`;
  return null;
}

/** The command line of a node process (see `runtime/options.ts`). */
function nodeArguments(context: NodeContext): readonly string[] {
  const text = (address: Address): string => `${address.host}:${address.port}`;
  const { listen } = context;
  const settings: Readonly<Record<string, string>> = {
    "--node": context.node,
    "--nodes": context.nodes.join(","),
    "--replication": String(context.replication),
    "--cluster": context.clusterId,
    "--data": context.dataDirectory,
    "--listen-client": text(listen.client),
    "--listen-peer": text(listen.peer),
    "--listen-admin": text(listen.admin),
  };
  const peers = [...context.peers].flatMap(([peer, address]) => ["--peer", `${peer}=${text(address)}`]);
  return [...Object.entries(settings).flat(), ...peers];
}

function groupOfKey(client: ClientModule, key: JsonValue, groups: readonly GroupLayout[]): number {
  const text = client.keyText(key);
  if (text === null) throw new Error(`the store has no key ${JSON.stringify(key)}`);
  if (groups.length === 0) throw new Error("there are no groups");
  return client.groupOfKey(text, groups.length);
}

/** Reads a JSON document from a node's admin port; rejects when it does not answer, or not with one. */
async function getJson(admin: Address, path: string, signal: AbortSignal): Promise<unknown> {
  const body = await new Promise<string>((resolve, reject) => {
    const request = http.get({ host: admin.host, port: admin.port, path, signal, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > maximumAdminBytes)
          request.destroy(new Error(`${path} answers with more than ${maximumAdminBytes} bytes`));
        chunks.push(chunk);
      });
      response.once("error", reject);
      response.once("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(`${path} answers ${response.statusCode}: ${text.slice(0, 200)}`));
      });
    });
    request.once("error", reject);
  });
  return JSON.parse(body) as unknown;
}

/** One operation for `minos kv`. */
export type KvCommand =
  | { readonly function: "get"; readonly key: string }
  | { readonly function: "put"; readonly key: string; readonly value: JsonValue }
  | { readonly function: "cas"; readonly key: string; readonly expected: JsonValue; readonly new: JsonValue };

/** Connects to one node, runs one operation and closes. The outcome is in the reply; rejects only on misuse. */
export async function runKv(
  build: SystemBuild,
  address: Address,
  command: KvCommand,
  timeoutMs: number,
): Promise<ClientReply> {
  const system = await storeSystem(build);
  const client = await system.connect(address, new AbortController().signal);
  const input =
    command.function === "get"
      ? null
      : command.function === "put"
        ? command.value
        : { expected: command.expected, new: command.new };
  const invocation = { function: command.function, key: command.key, input, timeoutMs };
  try {
    return await client.invoke(invocation, { called: () => undefined, returned: () => undefined });
  } finally {
    client.close();
  }
}

/** A reply as one line for people: what came back, or why not. */
export function describeKvReply(command: KvCommand, reply: ClientReply): string {
  if (reply.outcome === "fail") return `failed: ${reply.error ?? "no reason given"}`;
  if (reply.outcome === "info") return `unknown whether it happened: ${reply.error ?? "no reason given"}`;
  const output = reply.output;
  if (command.function === "get") return output === null ? "not found" : JSON.stringify(output);
  const fields = output as { readonly [name: string]: JsonValue };
  if (command.function === "put") return `ok, previously ${JSON.stringify(fields["previous"] ?? null)}`;
  const observed = JSON.stringify(fields["observed"] ?? null);
  switch (fields["status"]) {
    case "ok":
      return `ok, was ${observed}`;
    case "mismatch":
      return `mismatch: the value is ${observed}`;
    default:
      return "not found";
  }
}
