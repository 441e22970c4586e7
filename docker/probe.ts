// What this machine's engine can do for a run, found out by asking and by trying, for `minos doctor` and for messages.
import type Docker from "dockerode";
import { ClusterError, currentOwner } from "../cluster/index.js";
import { ask, connectEngine, EngineError, messageOf, readEngine } from "./engine.js";
import { findProgram } from "./host-files.js";
import { officialToxiproxy } from "./images.js";
import { labelsOf } from "./labels.js";
import { removeCluster } from "./remove.js";
import { defaultPool, freeBlocks, formatSubnet, hostSubnets, parseSubnet, subnetOf } from "./subnets.js";
import { randomBytes, randomInt } from "node:crypto";

export type Finding =
  | { readonly works: true; readonly detail: string }
  | { readonly works: false; readonly reason: string };

export interface DockerProbe {
  /** When it does not work, nothing else was tried and `hint` says what to do. */
  readonly engine: Finding;
  readonly hint: string | null;
  readonly internalNetworks: Finding;
  /** Whether the official Toxiproxy can be pulled, or is there. */
  readonly officialToxiproxy: Finding;
  /** A `toxiproxy-server` of this machine, to make an image of. */
  readonly toxiproxyBinary: Finding;
  /** `ss`, which counts the bytes of a real Toxiproxy. */
  readonly socketCounters: Finding;
  readonly limits: Finding;
}

const works = (detail: string): Finding => ({ works: true, detail });
const fails = (reason: string): Finding => ({ works: false, reason });

export async function probeDocker(engine?: Docker): Promise<DockerProbe> {
  const untried = fails("not tried: no engine answers");
  const [binary, ss] = await Promise.all([findProgram("toxiproxy-server"), findProgram("ss")]);
  const ofMachine = {
    toxiproxyBinary: binary === null ? fails("there is no toxiproxy-server on PATH") : works(binary),
    socketCounters: ss === null ? fails("there is no ss on this machine (package iproute2)") : works(ss),
  };
  try {
    const docker = engine ?? connectEngine();
    const facts = await readEngine(docker);
    const missing = [
      ...(facts.memoryLimit ? [] : ["memory"]),
      ...(facts.pidsLimit ? [] : ["processes"]),
      ...(facts.cpuLimit ? [] : ["cores"]),
    ];
    return {
      engine: works(`Docker ${facts.version}, API ${facts.apiVersion}, ${facts.os}/${facts.arch}, ${facts.cpus} cores`),
      hint: null,
      internalNetworks: await probeNetworks(docker),
      officialToxiproxy: await probePull(docker),
      limits:
        missing.length === 0
          ? works("memory, processes, cores")
          : fails(`the engine cannot limit ${missing.join(", ")}`),
      ...ofMachine,
    };
  } catch (error) {
    return {
      engine: fails(messageOf(error)),
      hint: error instanceof ClusterError ? error.hint : null,
      internalNetworks: untried,
      officialToxiproxy: untried,
      limits: untried,
      ...ofMachine,
    };
  }
}

/** Makes one and removes it. */
async function probeNetworks(docker: Docker): Promise<Finding> {
  const identity = { runId: "doctor", cluster: randomBytes(3).toString("hex"), owner: currentOwner() };
  try {
    const networks = await ask("list the networks", (abortSignal) => docker.listNetworks({ abortSignal }));
    const taken = networks.flatMap(({ IPAM }) => IPAM?.Config ?? []).map(({ Subnet }) => parseSubnet(Subnet ?? ""));
    const pool = parseSubnet(defaultPool);
    const all = [...taken.filter((subnet) => subnet !== null), ...hostSubnets()];
    const block = pool === null ? undefined : freeBlocks(pool, all, randomInt(2 ** 24), 1)[0];
    if (block === undefined) return fails(`no addresses are free in ${defaultPool}`);
    const name = `minos-doctor-${identity.cluster}`;
    await ask("create an internal network", (abortSignal) =>
      docker.createNetwork({
        Name: name,
        Internal: true,
        IPAM: { Driver: "default", Config: [{ Subnet: formatSubnet(subnetOf(block, 0)) }] },
        Labels: labelsOf(identity, "network"),
        abortSignal,
      }),
    );
    const { Internal } = await ask(`inspect ${name}`, () => docker.getNetwork(name).inspect());
    return Internal ? works("made one and removed it") : fails("the engine made an open network of an internal one");
  } catch (error) {
    return fails(messageOf(error));
  } finally {
    await removeCluster(docker, identity.cluster);
  }
}

async function probePull(docker: Docker): Promise<Finding> {
  const image = docker.getImage(officialToxiproxy);
  try {
    await ask("look for the image", () => image.inspect());
    return works(`${officialToxiproxy} is here`);
  } catch (error) {
    if (!(error instanceof EngineError && error.status === 404)) return fails(messageOf(error));
  }
  try {
    await ask("ask the registry", () => image.distribution(), { timeoutMs: 5_000 });
    return works(`${officialToxiproxy} can be pulled`);
  } catch (error) {
    return fails(error instanceof EngineError ? error.reason : messageOf(error));
  }
}
