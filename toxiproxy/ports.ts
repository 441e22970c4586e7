// Ports to listen on that survive being given up for a while. A disabled proxy closes its listener; a port of the range
// from which the kernel draws the local ends of outgoing connections could be taken by any of them before it is enabled again.
import { readFileSync } from "node:fs";
import { createServer } from "node:net";

const lowestPort = 10_000;

/** The lowest port that the kernel gives to outgoing connections. */
function firstEphemeralPort(): number {
  try {
    const first = Number(readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8").trim().split(/\s+/)[0]);
    if (Number.isInteger(first) && first > lowestPort + 1000) return first;
  } catch {
    // Not Linux: the usual range begins at 49152 (macOS, BSD).
  }
  return 32_768;
}

async function canListen(host: string, port: number): Promise<boolean> {
  const probe = createServer();
  return new Promise((resolve) => {
    probe.once("error", () => resolve(false));
    probe.listen({ host, port }, () => probe.close(() => resolve(true)));
  });
}

/** A port below the ephemeral range on which nothing listens now. */
export async function drawPort(host: string, taken: ReadonlySet<number> = new Set()): Promise<number> {
  const end = firstEphemeralPort();
  for (let tries = 0; tries < 200; tries++) {
    const port = lowestPort + Math.floor(Math.random() * (end - lowestPort));
    if (!taken.has(port) && (await canListen(host, port))) return port;
  }
  throw new Error(`no free port between ${lowestPort} and ${end - 1} on ${host}`);
}
