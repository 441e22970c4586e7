// minos doctor: what works on this machine, what will be refused and why, and the suite's own pulse: a history that is right
// must be found right, and one with a planted lie wrong.
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import type { Command } from "commander";
import {
  clusterFactory,
  exitCodes,
  formatDuration,
  historyText,
  huntPlan,
  simulateAndJudge,
  systems,
} from "../../campaign/index.js";
import { judge } from "../../checker/index.js";
import {
  findFaketime,
  installFaketime,
  nodeNames,
  type Capabilities,
  type SystemUnderTest,
} from "../../cluster/index.js";
import type { HistoryEvent, JsonValue } from "../../history/index.js";
import type { Finding as ProbeFinding } from "../../docker/index.js";
import type { Session } from "../cli.js";
import { createTerminal } from "../terminal.js";

/** The whole look is over within a minute, also where an engine takes its time over each answer. */
const dockerLimitMs = 30_000;
const packetsLimitMs = 15_000;

interface Finding {
  readonly what: string;
  readonly works: boolean;
  readonly detail: string;
  /** A machine without it can still do everything else. */
  readonly optional: boolean;
}

export function registerDoctor(program: Command, session: Session): void {
  program
    .command("doctor")
    .description("what works on this machine, what will be refused and why, and whether the checker is awake")
    .option("--json", "print one JSON document on standard output")
    .action(async (words: { readonly json?: boolean }) => {
      const terminal = createTerminal(words.json === true);
      const { colors } = terminal;
      const startedMs = performance.now();
      const findings = [
        ...(await localFindings()),
        ...(await simulationFindings()),
        ...(await dockerFindings()),
        ...pulse(),
      ];
      for (const { what, works, detail, optional } of findings) {
        const mark = works ? colors.green("✓") : optional ? colors.yellow("–") : colors.red("✗");
        terminal.out(`${mark} ${what.padEnd(24)} ${detail}`);
      }
      const tookMs = Math.round(performance.now() - startedMs);
      terminal.out(colors.dim(`looked at in ${formatDuration(tookMs)}`));
      terminal.document({ findings, took_ms: tookMs });
      session.exitCode = findings.every((finding) => finding.works || finding.optional)
        ? exitCodes.valid
        : exitCodes.crash;
    });
}

function capabilityFindings(where: string, capabilities: Capabilities): readonly Finding[] {
  return Object.entries(capabilities).flatMap(([name, capability]) =>
    capability.able
      ? []
      : [{ what: `${where}: ${name}`, works: false, detail: `refused: ${capability.reason}`, optional: true }],
  );
}

/** What a cluster of this kind refuses to do to the store; nothing is started for it. */
async function refusals(
  where: "local" | "docker" | "simulation",
  system: SystemUnderTest,
): Promise<readonly Finding[]> {
  const create = await clusterFactory(where, { toxiproxy: null, baseImage: null });
  const { capabilities } = create({ system, nodes: nodeNames(3), replication: 3, runId: "doctor", directory: "." });
  return capabilityFindings(where, capabilities);
}

async function localFindings(): Promise<readonly Finding[]> {
  const system = await systems.get("store")?.(null);
  if (system === undefined) return [{ what: "local", works: false, detail: "the store is not built", optional: false }];
  const faketime = findFaketime();
  const proxy = onPath("toxiproxy-server");
  return [
    { what: "Node.js", works: true, detail: process.version, optional: false },
    { what: "store", works: true, detail: `build ${system.buildHash?.slice(0, 12) ?? "unknown"}`, optional: false },
    { what: "local", works: true, detail: "processes on loopback through the built-in proxy", optional: false },
    {
      what: "toxiproxy-server",
      works: proxy !== null,
      detail: proxy ?? "not on PATH; the built-in proxy is used (docker: see docs/docker.md)",
      optional: true,
    },
    { what: "libfaketime", works: faketime !== null, detail: faketime ?? installFaketime, optional: true },
    ...(await refusals("local", system)),
  ];
}

/** One seed of the hunt twice: it must be judged, and come out the same. */
async function simulationFindings(): Promise<readonly Finding[]> {
  const system = await systems.get("store")?.(null);
  const deterministic = await system?.deterministic?.();
  if (system === undefined || deterministic === undefined)
    return [{ what: "simulation", works: false, detail: "the store cannot be simulated", optional: false }];
  const plan = huntPlan(1, { system, deterministic, mutant: null, timeLimitMs: 2_000, ratePerS: 50 });
  const first = await simulateAndJudge(plan, system, deterministic);
  const second = await simulateAndJudge(plan, system, deterministic);
  const same = historyText(first.run) === historyText(second.run);
  const works = same && first.verdict.valid !== false;
  const told = same ? first.verdict.summary : "one seed gave two histories";
  const detail = works ? "virtual time in this process; seed 1 twice, the same bytes" : told;
  return [{ what: "simulation", works, detail, optional: false }, ...(await refusals("simulation", system))];
}

async function dockerFindings(): Promise<readonly Finding[]> {
  const { probeDocker, probePackets } = await import("../../docker/index.js");
  const probe = await within(dockerLimitMs, probeDocker());
  if (probe === null) {
    const detail = `it did not tell what it can do within ${formatDuration(dockerLimitMs)}`;
    return [{ what: "docker: engine", works: false, detail, optional: true }];
  }
  const found = (what: string, finding: ProbeFinding): Finding => ({
    what: `docker: ${what}`,
    works: finding.works,
    detail: finding.works ? finding.detail : finding.reason,
    optional: true,
  });
  if (!probe.engine.works) {
    const engine = found("engine", probe.engine);
    return [{ ...engine, detail: `${engine.detail}${probe.hint === null ? "" : `; ${probe.hint}`}` }];
  }
  const system = await systems.get("store")?.(null);
  const packets = await within(packetsLimitMs, probePackets());
  const late: ProbeFinding = { works: false, reason: `not found out within ${formatDuration(packetsLimitMs)}` };
  return [
    found("engine", probe.engine),
    found("internal networks", probe.internalNetworks),
    found("Toxiproxy's image", probe.officialToxiproxy),
    found("Toxiproxy's binary", probe.toxiproxyBinary),
    found("socket counters", probe.socketCounters),
    found("limits", probe.limits),
    found("packet rules", packets?.dropRules ?? late),
    found("netem", packets?.netem ?? late),
    ...(system === undefined ? [] : await refusals("docker", system)),
  ];
}

async function within<T>(ms: number, task: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => (timer = setTimeout(() => resolve(null), ms)));
  return Promise.race([task, late]).finally(() => clearTimeout(timer));
}

function onPath(program: string): string | null {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const file = join(folder, program);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      continue;
    }
  }
  return null;
}

/** One put and two reads; the second read answers `last`. */
function control(last: JsonValue): readonly HistoryEvent[] {
  const steps: readonly (readonly [string, JsonValue, JsonValue])[] = [
    ["put", 1, { previous: null }],
    ["put", 2, { previous: 1 }],
    ["get", null, last],
  ];
  return [
    {
      type: "header",
      format: "minos-history",
      version: 1,
      model: "cas-register",
      initial: null,
      keyed: true,
      clock: { unit: "ns", origin: "run-start" },
      plan: "doctor",
      run: "doctor",
      build: null,
      concurrency: 1,
      startedAt: new Date(0).toISOString(),
    },
    ...steps.flatMap(([name, input, output], index): HistoryEvent[] => [
      { type: "invoke", time: index * 10 + 1, process: 0, thread: 0, node: null, function: name, key: "k", input },
      { type: "ok", time: index * 10 + 5, process: 0, function: name, key: "k", output },
    ]),
  ];
}

function pulse(): readonly Finding[] {
  const verdictOf = (last: JsonValue) =>
    judge({ mode: "history", events: control(last), model: "cas-register", initial: null });
  const green = verdictOf(2);
  const lie = verdictOf(1);
  return [
    { what: "green control", works: green.valid === true, detail: green.summary, optional: false },
    { what: "planted lie", works: lie.valid === false, detail: `caught: ${lie.summary}`, optional: false },
  ];
}
