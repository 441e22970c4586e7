// Ports on loopback for one cluster. Port 0 would not do: a node's ports and its proxies' must stay theirs while nothing listens
// on them (a killed node, a disabled proxy), and the kernel hands ports of its ephemeral range to any outgoing connection
// meanwhile. Worse, a dial to a silent port of that range can be given the very same port as its source and connect to itself.
// So ports are drawn outside of the ephemeral range, in blocks that are claimed on disk against other runs of this user and
// tried by binding against everybody else.
import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { ClusterError } from "../cluster/index.js";
import { claimPortBlock, releasePortBlock } from "./registry.js";

const blockSize = 64;
/** Fewer blocks than this outside of the ephemeral range are not worth the trouble. */
const minBlocks = 32;
const lowestPort = 10_240;
const highestPort = 65_535;

export interface PortRange {
  readonly from: number;
  /** Inclusive. */
  readonly to: number;
}

export interface PortLease {
  readonly ports: readonly number[];
  readonly release: () => void;
}

/** The larger stretch of unprivileged ports below or above the ephemeral range; all of them where neither is large enough. */
export function rangeOutside(ephemeral: PortRange): PortRange {
  const below = { from: lowestPort, to: Math.min(ephemeral.from - 1, highestPort) };
  const above = { from: Math.max(ephemeral.to + 1, lowestPort), to: highestPort };
  const size = (range: PortRange) => range.to - range.from + 1;
  const best = size(below) >= size(above) ? below : above;
  return size(best) >= minBlocks * blockSize ? best : { from: lowestPort, to: highestPort };
}

function ephemeralRange(): PortRange {
  try {
    const [from, to] = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8").trim().split(/\s+/).map(Number);
    if (from !== undefined && to !== undefined && from <= to) return { from, to };
  } catch {
    // Not readable: Linux's default.
  }
  return { from: 32_768, to: 60_999 };
}

/** `count` ports of 127.0.0.1 that were free a moment ago and are claimed against other runs of this user. */
export async function leasePorts(count: number): Promise<PortLease> {
  const range = rangeOutside(ephemeralRange());
  const blocks = shuffled(
    Array.from(
      { length: Math.floor((range.to - range.from + 1) / blockSize) },
      (_, index) => range.from + index * blockSize,
    ),
  );
  const held: number[] = [];
  const ports: number[] = [];
  const release = () => held.splice(0).forEach(releasePortBlock);
  for (const firstPort of blocks) {
    if (ports.length >= count) break;
    if (!claimPortBlock(firstPort)) continue;
    held.push(firstPort);
    const block = Array.from({ length: blockSize }, (_, index) => firstPort + index);
    const free = await Promise.all(block.map(isFree));
    ports.push(...block.filter((_, index) => free[index] === true));
  }
  if (ports.length < count) {
    release();
    throw new ClusterError(
      `only ${ports.length} of ${count} ports could be had between ${range.from} and ${range.to} on 127.0.0.1`,
      "end other campaigns, or run `minos clean` if they are dead",
    );
  }
  return { ports: ports.slice(0, count), release };
}

/** Binding to the wildcard address would miss nothing either, but would open a port to the network for a moment. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ host: "127.0.0.1", port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Fisher–Yates. Chance is right here: it keeps two runs apart, and no result depends on a port's number. */
function shuffled(values: readonly number[]): number[] {
  const result = [...values];
  for (let index = result.length - 1; index > 0; index--) {
    const other = randomInt(index + 1);
    const [a, b] = [result[index], result[other]];
    if (a === undefined || b === undefined) throw new Error("index out of range");
    [result[index], result[other]] = [b, a];
  }
  return result;
}
