// Measures what a proxy costs: `npm run bench:proxy`. One connection through loopback, direct, through the built-in server and
// through a real `toxiproxy-server` (left out, in so many words, where none is on PATH), without toxics, in one run and in
// turns: the time of a 64-byte ping there and back, then bytes in bulk to a peer that reads and counts. Peer and proxy are
// processes of their own; all share the machine and nothing is pinned. Prints Markdown; with --write it replaces the proxy's
// part of bench/RESULTS.md.
//
//   --rounds N      turns (default 5); each figure is the median over them
//   --pings N       pings in a turn, after 200 of warm-up (default 5000)
//   --megabytes N   bulk in a turn (default 256)
//   --write         write bench/RESULTS.md
import { spawn } from "node:child_process";
import { connect, createServer } from "node:net";
import type { Socket } from "node:net";
import { parseArgs } from "node:util";

import { Toxiproxy } from "toxiproxy-node-client";
import { startProxyServer } from "../toxiproxy/index.js";
import type { ProxyServerChoice, RunningProxyServer } from "../toxiproxy/index.js";
import { machine, writePart } from "./results.js";

const { values: flags } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    pings: { type: "string", default: "5000" },
    megabytes: { type: "string", default: "256" },
    write: { type: "boolean", default: false },
    /** This process is the peer. */
    peer: { type: "boolean", default: false },
  },
});

const pingBytes = 64;
const warmUpPings = 200;

/**
 * The peer. A connection's first byte says what it is for: after P every byte comes back; after B and a 64-bit number so many
 * bytes are read, and one answers the last.
 */
function runPeer(): void {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on("error", () => undefined);
    socket.once("data", (first: Buffer) => {
      if (first[0] === 0x50) socket.on("data", (bytes: Buffer) => socket.write(bytes));
      else {
        let left = Number(first.readBigUInt64BE(1)) - (first.length - 9);
        socket.on("data", (bytes: Buffer) => {
          left -= bytes.length;
          if (left === 0) socket.write("!");
        });
      }
    });
  });
  server.listen(0, "127.0.0.1", () => console.log(JSON.stringify(server.address())));
  process.stdin.on("close", () => process.exit(0));
  process.stdin.resume();
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", () => resolve());
    socket.once("error", reject);
  });
  return socket;
}

/** Microseconds of each ping there and back. */
async function ping(port: number, count: number): Promise<Float64Array> {
  const socket = await open(port);
  socket.write("P");
  const message = Buffer.alloc(pingBytes, "p");
  const times = new Float64Array(count);
  // The first byte must travel alone: it names the connection's purpose.
  await new Promise((resolve) => setTimeout(resolve, 20));
  for (let index = -warmUpPings; index < count; index++) {
    const started = performance.now();
    await new Promise<void>((resolve) => {
      let missing = pingBytes;
      const take = (bytes: Buffer): void => {
        missing -= bytes.length;
        if (missing > 0) return;
        socket.off("data", take);
        resolve();
      };
      socket.on("data", take);
      socket.write(message);
    });
    if (index >= 0) times[index] = (performance.now() - started) * 1000;
  }
  socket.destroy();
  return times;
}

/** Megabytes (10^6 bytes) a second until the peer has read the last one. */
async function bulk(port: number, megabytes: number): Promise<number> {
  const socket = await open(port);
  const chunk = Buffer.alloc(1 << 16, "b");
  const total = Math.ceil((megabytes * 1e6) / chunk.length) * chunk.length;
  const header = Buffer.alloc(9, "B");
  header.writeBigUInt64BE(BigInt(total), 1);
  const done = new Promise<void>((resolve, reject) => {
    socket.once("data", () => resolve());
    socket.once("error", reject);
  });
  socket.write(header);
  await new Promise((resolve) => setTimeout(resolve, 20));
  const started = performance.now();
  for (let sent = 0; sent < total; sent += chunk.length)
    if (!socket.write(chunk)) await new Promise<void>((resolve) => socket.once("drain", () => resolve()));
  await done;
  socket.destroy();
  return total / 1e6 / ((performance.now() - started) / 1000);
}

interface Subject {
  readonly name: string;
  readonly port: number;
  readonly p50s: number[];
  readonly p99s: number[];
  readonly rates: number[];
}

const quantile = (values: Iterable<number>, q: number): number => {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
};
const median = (values: readonly number[]): number => quantile(values, 0.5);

async function startSubject(choice: ProxyServerChoice, peerPort: number, servers: RunningProxyServer[]) {
  const server = await startProxyServer(choice);
  servers.push(server);
  const proxy = await new Toxiproxy(server.api).createProxy({
    name: "bench",
    listen: "127.0.0.1:0",
    upstream: `127.0.0.1:${peerPort}`,
  });
  return Number(proxy.listen.split(":").at(-1));
}

async function main(): Promise<void> {
  const peer = spawn(process.execPath, [...process.execArgv, import.meta.filename, "--peer"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const servers: RunningProxyServer[] = [];
  try {
    const line = await new Promise<string>((resolve) => {
      peer.stdout.once("data", (bytes: Buffer) => resolve(bytes.toString()));
    });
    const { port } = JSON.parse(line) as { readonly port: number };
    const subject = (name: string, at: number): Subject => ({ name, port: at, p50s: [], p99s: [], rates: [] });
    const subjects = [subject("direct", port)];
    subjects.push(subject("built-in proxy", await startSubject({ kind: "builtin" }, port, servers)));
    try {
      const at = await startSubject({ kind: "external" }, port, servers);
      subjects.push(subject("Toxiproxy (Go)", at));
    } catch (error) {
      console.error(`Toxiproxy is left out: ${error instanceof Error ? error.message : String(error)}`);
    }
    for (let round = 1; round <= Number(flags.rounds); round++) {
      for (const { name, port, p50s, p99s, rates } of subjects) {
        const times = await ping(port, Number(flags.pings));
        p50s.push(quantile(times, 0.5));
        p99s.push(quantile(times, 0.99));
        rates.push(await bulk(port, Number(flags.megabytes)));
        console.error(
          `round ${round}, ${name}: ping p50 ${p50s.at(-1)?.toFixed(0)} µs, ${rates.at(-1)?.toFixed(0)} MB/s`,
        );
      }
    }
    const table = render(subjects);
    console.log(table);
    if (flags.write) await writePart("proxy", table);
  } finally {
    for (const server of servers) await server.stop();
    peer.stdin.end();
  }
}

function render(subjects: readonly Subject[]): string {
  const rows = subjects.map(
    ({ name, p50s, p99s, rates }) =>
      `| ${name} | ${median(p50s).toFixed(0)} | ${median(p99s).toFixed(0)} | ${median(rates).toFixed(0)} |`,
  );
  return [
    "## What a proxy costs",
    "",
    `\`npm run bench:proxy\`: one connection through loopback, no toxics, median of ${flags.rounds} turns of ${flags.pings} pings`,
    `of ${pingBytes} bytes and ${flags.megabytes} MB in bulk. Load, proxy and peer share the machine: ${machine()}.`,
    "",
    "| way | ping p50, µs | ping p99, µs | bulk, MB/s |",
    "|---|---:|---:|---:|",
    ...rows,
  ].join("\n");
}

if (flags.peer) runPeer();
else await main();
