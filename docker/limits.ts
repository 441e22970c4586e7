// What a container of a run may use, and what it may not do.
import type Docker from "dockerode";
import type { EngineFacts } from "./engine.js";

export interface ContainerLimits {
  /** Megabytes of 2^20 bytes, swap included. Beyond it the kernel kills. */
  readonly memoryMb: number;
  /** Processes and threads. */
  readonly pids: number;
  /** Cores, may be a fraction. */
  readonly cpus: number;
}

export const defaultNodeLimits: ContainerLimits = { memoryMb: 1024, pids: 256, cpus: 2 };
/** Toxiproxy holds a thread's stack for each of many connections, and what a stalled link has not delivered. */
export const proxyLimits: ContainerLimits = { memoryMb: 1024, pids: 512, cpus: 2 };

/** The engine's own copy of a container's output; ours goes to the store as it comes. */
const engineLog = { Type: "json-file", Config: { "max-size": "10m", "max-file": "2" } };

export function hostConfig(limits: ContainerLimits, engine: EngineFacts): Docker.HostConfig {
  const memory = Math.round(limits.memoryMb * 1024 * 1024);
  return {
    // Without an init a stop signal to process 1 is lost until the program has a handler for it.
    Init: true,
    CapDrop: ["ALL"],
    SecurityOpt: ["no-new-privileges"],
    LogConfig: engineLog,
    RestartPolicy: { Name: "no" },
    // An engine that cannot limit something would refuse the container, or warn; the run's details say which limits hold.
    ...(engine.memoryLimit ? { Memory: memory, MemorySwap: memory } : {}),
    ...(engine.pidsLimit ? { PidsLimit: limits.pids } : {}),
    // More cores than there are is an error.
    ...(engine.cpuLimit ? { NanoCpus: Math.round(Math.min(limits.cpus, engine.cpus) * 1e9) } : {}),
  };
}

export function describeLimits(limits: ContainerLimits, engine: EngineFacts): string {
  const parts = [
    engine.memoryLimit ? `${limits.memoryMb} MB memory` : "memory unlimited (engine cannot)",
    engine.pidsLimit ? `${limits.pids} processes` : "processes unlimited (engine cannot)",
    engine.cpuLimit ? `${Math.min(limits.cpus, engine.cpus)} cores` : "cores unlimited (engine cannot)",
  ];
  return parts.join(", ");
}
