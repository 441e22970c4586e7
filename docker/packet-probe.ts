// What the engine's kernel does with packets, measured: in a throw-away container that has a network namespace of its own and
// nothing else in it, a rule drops a share of datagrams, and netem is asked for. No other namespace is touched.
import { randomBytes } from "node:crypto";
import { access, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type Docker from "dockerode";
import { ClusterError, currentOwner } from "../cluster/index.js";
import { modeOf, type ArchiveEntry } from "./archive.js";
import { ask, connectEngine, messageOf, readEngine, type EngineFacts } from "./engine.js";
import { findProgram, hostRoot } from "./host-files.js";
import { Images, unlessImageGone } from "./images.js";
import { imageLabelsOf, labelsOf, type RunIdentity } from "./labels.js";
import { hostConfig } from "./limits.js";
import type { Finding } from "./probe.js";
import { removeCluster } from "./remove.js";

/** Enough that a rule which drops half of them drops none, or all, in no try that anybody will see. */
const datagrams = 200;
const answerMs = 15_000;
const matches = ["libxt_standard.so", "libxt_tcp.so", "libxt_udp.so", "libxt_statistic.so"];
const matchFolders = ["/usr/lib/x86_64-linux-gnu/xtables", "/usr/lib/aarch64-linux-gnu/xtables", "/usr/lib64/xtables"];

export interface PacketProbe {
  /** A rule of the packet filter that drops a share of the packets, by its own counter and by what arrived. */
  readonly dropRules: Finding;
  /** The queue that would repeat, reorder and change packets. */
  readonly netem: Finding;
}

/** What the program inside found, as it prints it. */
export interface PacketReading {
  /** Null when the kernel took the rule, else its words. */
  readonly ruleRefused: string | null;
  readonly sent: number;
  readonly received: number;
  /** By the rule's own counter. */
  readonly dropped: number;
  readonly netemRefused: string | null;
}

/** As text for `node -e`. Each datagram is sent alone, so that none is lost to a full buffer. */
const program = `
const { spawnSync } = require("node:child_process");
const socket = require("node:dgram").createSocket("udp4");
const run = (name, ...args) => {
  const { status, stdout, stderr, error } = spawnSync(name, args, { encoding: "utf8", timeout: 5000 });
  return { refused: status === 0 ? null : String(error?.message || stderr || "exit code " + status).trim(), stdout };
};
let received = 0;
socket.on("message", () => received++);
socket.bind(0, "127.0.0.1", async () => {
  const { port } = socket.address();
  const rule = run("iptables-nft", "-A", "INPUT", "-p", "udp", "--dport", String(port),
    "-m", "statistic", "--mode", "random", "--probability", "0.5", "-j", "DROP");
  let sent = 0;
  for (; sent < ${datagrams}; sent++) await new Promise((resolve, reject) =>
    socket.send("x", port, "127.0.0.1", (error) => (error ? reject(error) : setImmediate(resolve))));
  await new Promise((resolve) => setTimeout(resolve, 200));
  const listed = run("iptables-nft", "-nvxL", "INPUT").stdout || "";
  const dropped = Number(/^\\s*(\\d+)\\s+\\d+\\s+DROP/m.exec(listed)?.[1] ?? 0);
  const netem = run("tc", "qdisc", "add", "dev", "lo", "root", "netem", "loss", "10%");
  console.log(JSON.stringify({ ruleRefused: rule.refused, sent, received, dropped, netemRefused: netem.refused }));
  socket.close();
});
`;

/** Whatever it makes carries the labels of a run and is removed. */
export async function probePackets(engine?: Docker): Promise<PacketProbe> {
  const identity = { runId: "doctor", cluster: randomBytes(3).toString("hex"), owner: currentOwner() };
  try {
    const docker = engine ?? connectEngine();
    const facts = await readEngine(docker);
    try {
      return judgePackets(await measure(docker, facts, identity));
    } finally {
      await removeCluster(docker, identity.cluster);
    }
  } catch (error) {
    const untried: Finding = { works: false, reason: `not tried: ${messageOf(error)}` };
    return { dropRules: untried, netem: untried };
  }
}

/** A rule works when what it counted and what arrived are together what was sent, and neither is nothing. */
export function judgePackets({ ruleRefused, sent, received, dropped, netemRefused }: PacketReading): PacketProbe {
  const counted = `of ${sent} packets ${dropped} were dropped by the rule's counter and ${received} arrived`;
  const dropRules: Finding =
    ruleRefused !== null
      ? { works: false, reason: `the kernel refuses a rule that drops at random: ${oneLine(ruleRefused)}` }
      : dropped > 0 && received > 0 && dropped + received === sent
        ? { works: true, detail: `tried in a container: ${counted}` }
        : { works: false, reason: `a rule that drops half does not do so: ${counted}` };
  const netem: Finding =
    netemRefused === null
      ? { works: true, detail: "tried in a container: the kernel takes a netem queue" }
      : { works: false, reason: `tried in a container, refused by the kernel: ${oneLine(netemRefused)}` };
  return { dropRules, netem };
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").slice(0, 200);
}

async function measure(docker: Docker, engine: EngineFacts, identity: RunIdentity): Promise<PacketReading> {
  const files = await packetToolFiles();
  const images = new Images(docker, engine, imageLabelsOf(identity), null, AbortSignal.timeout(answerMs));
  const container = await unlessImageGone(async () => {
    const image = await images.packetTools(files);
    return ask("create the container that tries packet rules", (abortSignal) =>
      docker.createContainer({
        name: `minos-doctor-${identity.cluster}-packets`,
        Image: image,
        Cmd: ["node", "-e", program],
        User: "0:0",
        Labels: labelsOf(identity, "packets"),
        HostConfig: {
          ...hostConfig({ memoryMb: 512, pids: 64, cpus: 1 }, engine),
          CapAdd: ["NET_ADMIN"],
          NetworkMode: "none",
        },
        abortSignal,
      }),
    );
  });
  await ask("start it", (abortSignal) => container.start({ abortSignal }));
  const limit = { timeoutMs: answerMs };
  const ended = await ask("wait for its end", (abortSignal) => container.wait({ abortSignal }), limit);
  const log = await ask("read what it found", () => container.logs({ stdout: true, stderr: true }));
  return parseReading(log.toString("utf8"), ended.StatusCode);
}

/** The answer amid the frames of the engine's log. */
export function parseReading(log: string, exitCode: number): PacketReading {
  const found = /\{"ruleRefused".*\}/.exec(log)?.[0];
  if (found === undefined)
    throw new ClusterError(`the container that tries packet rules ended with code ${exitCode}: ${oneLine(log)}`);
  return JSON.parse(found) as PacketReading;
}

/** This machine's packet filter and queue tools, which are never run outside a container. */
export async function packetToolFiles(): Promise<readonly ArchiveEntry[]> {
  const programs = await Promise.all(
    ["iptables-nft", "tc"].map(async (name) => {
      const path = await findProgram(name);
      if (path === null) throw new ClusterError(`there is no ${name} on this machine (packages iptables, iproute2)`);
      return { path, target: `/usr/local/bin/${name}` };
    }),
  );
  const root = await hostRoot(programs);
  const plugins = await Promise.all((await matchPaths()).map(entryOf));
  const files = root.filter((entry) => entry.content !== null && !entry.path.startsWith("etc/"));
  return [...files, ...plugins].map((entry) => ({ ...entry, path: `root/${entry.path}` }));
}

/** What the packet filter loads by name, so that `ldd` does not show it. */
async function matchPaths(): Promise<readonly string[]> {
  for (const folder of matchFolders) {
    const paths = matches.map((name) => join(folder, name));
    const present = await Promise.all(
      paths.map((path) =>
        access(path).then(
          () => true,
          () => false,
        ),
      ),
    );
    if (present.every(Boolean)) return paths;
  }
  throw new ClusterError(`${matches.join(", ")} of the packet filter were not found (package iptables)`);
}

async function entryOf(path: string): Promise<ArchiveEntry> {
  return { path: path.slice(1), content: await readFile(path), mode: modeOf((await stat(path)).mode) };
}
