// The command line of a node process. Strict: a node started wrongly must not run.

export interface SocketAddress {
  readonly host: string;
  readonly port: number;
}

export interface NodeOptions {
  readonly node: string;
  readonly nodes: readonly string[];
  readonly replication: number;
  readonly cluster: string;
  readonly data: string;
  readonly listenClient: SocketAddress;
  readonly listenPeer: SocketAddress;
  readonly listenAdmin: SocketAddress;
  /** Where each other node's peer port is dialled from here. */
  readonly peers: ReadonlyMap<string, SocketAddress>;
}

export const usage =
  "usage: node.js --node NAME --nodes NAME,NAME,… --replication N --cluster ID --data DIRECTORY" +
  " --listen-client HOST:PORT --listen-peer HOST:PORT --listen-admin HOST:PORT --peer NAME=HOST:PORT …";

/** Throws an Error whose message names the wrong argument. */
export function parseOptions(args: readonly string[]): NodeOptions {
  const values = new Map<string, string>();
  const peers = new Map<string, SocketAddress>();
  for (let at = 0; at < args.length; at += 2) {
    const name = args[at] ?? "";
    const value = args[at + 1];
    if (!known.has(name)) throw new Error(`unknown argument "${name}"`);
    if (value === undefined) throw new Error(`${name} needs a value`);
    if (name === "--peer") {
      const [peer, address] = split(value, "=");
      peers.set(peer, parseAddress(name, address));
    } else {
      if (values.has(name)) throw new Error(`${name} is given twice`);
      values.set(name, value);
    }
  }
  const text = (name: string): string => {
    const value = values.get(name);
    if (value === undefined || value === "") throw new Error(`${name} is missing`);
    return value;
  };
  const nodes = text("--nodes").split(",");
  const node = text("--node");
  const replication = Number(text("--replication"));
  if (new Set(nodes).size !== nodes.length) throw new Error("--nodes names a node twice");
  if (!nodes.includes(node)) throw new Error(`--node ${node} is not one of --nodes`);
  if (!Number.isSafeInteger(replication) || replication < 1)
    throw new Error("--replication must be a positive integer");
  if (nodes.length % replication !== 0)
    throw new Error(`${nodes.length} nodes are no multiple of the replication degree ${replication}`);
  for (const peer of nodes) if (peer !== node && !peers.has(peer)) throw new Error(`--peer ${peer}=… is missing`);
  for (const peer of peers.keys())
    if (peer === node || !nodes.includes(peer)) throw new Error(`--peer ${peer} is no other node`);
  return {
    node,
    nodes,
    replication,
    cluster: text("--cluster"),
    data: text("--data"),
    listenClient: parseAddress("--listen-client", text("--listen-client")),
    listenPeer: parseAddress("--listen-peer", text("--listen-peer")),
    listenAdmin: parseAddress("--listen-admin", text("--listen-admin")),
    peers,
  };
}

const known = new Set([
  "--node",
  "--nodes",
  "--replication",
  "--cluster",
  "--data",
  "--listen-client",
  "--listen-peer",
  "--listen-admin",
  "--peer",
]);

function parseAddress(name: string, text: string): SocketAddress {
  const at = text.lastIndexOf(":");
  const host = text.slice(0, at);
  const port = Number(text.slice(at + 1));
  if (at <= 0 || !Number.isSafeInteger(port) || port < 0 || port > 65_535 || text.endsWith(":"))
    throw new Error(`${name}: "${text}" is not HOST:PORT`);
  return { host, port };
}

function split(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  if (at <= 0) throw new Error(`--peer: "${text}" is not NAME=HOST:PORT`);
  return [text.slice(0, at), text.slice(at + 1)];
}
