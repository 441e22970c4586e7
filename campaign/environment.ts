// environment.json: versions and hashes of everything a run used, and every knob with where its value came from.
import { arch, cpus, platform, release, totalmem } from "node:os";
import type { BootReport, SystemUnderTest } from "../cluster/index.js";
import { packageInfo } from "./package-root.js";
import type { Provenance } from "./resolve-plan.js";

export interface Environment {
  readonly version: 1;
  readonly minos: string;
  readonly node: string;
  readonly os: { readonly platform: string; readonly release: string; readonly arch: string };
  readonly machine: { readonly processors: number; readonly memory_mb: number };
  readonly system: { readonly name: string; readonly version: string; readonly build: string | null };
  readonly cluster: Readonly<Record<string, string>>;
  readonly boot_ms: number | null;
  /** Unix time of the run clock's zero, by the runner's steady clock; null before the load, and in virtual time. */
  readonly clock_zero_unix_ms: number | null;
  readonly knobs: Provenance;
}

export function describeEnvironment(system: SystemUnderTest, boot: BootReport | null, knobs: Provenance): Environment {
  return {
    version: 1,
    minos: packageInfo().version,
    node: process.version,
    os: { platform: platform(), release: release(), arch: arch() },
    machine: { processors: cpus().length, memory_mb: Math.round(totalmem() / 2 ** 20) },
    system: { name: system.name, version: system.version, build: system.buildHash },
    cluster: boot?.details ?? {},
    boot_ms: boot === null ? null : Math.round(boot.bootMs),
    clock_zero_unix_ms: null,
    knobs,
  };
}
