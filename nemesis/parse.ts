// Faults from outside (plan files, a workload's own schedule) are checked before anybody believes them.
import type { JsonValue } from "../history/index.js";
import { expandComposition, isComposition } from "./compositions.js";
import { groupTargets, type Fault, type FaultKind, type PartitionShape, type Target } from "./fault.js";
import { Fields } from "./fields.js";
import { faultKinds } from "./kinds.js";
import { customLinks, shapeEntries } from "./shapes.js";

/** A proxy is blocked for that long when the fault is healed. */
const longestResetMs = 1_000;

/** No schedule is longer. */
const maxFaults = 10_000;

function parseTarget(value: JsonValue | undefined, where: string): Target {
  const fields = new Fields(value, where);
  const by = fields.oneOf("by", ["name", "random", ...groupTargets, "all"]);
  const target = ((): Target => {
    switch (by) {
      case "name":
        return { by, nodes: fields.names("nodes") };
      case "random":
        return { by, count: fields.number("count", 1, true) };
      case "all":
        return { by };
      case "leader":
      case "follower":
      case "followers":
      case "ring-neighbours":
      case "minority":
      case "majority":
        return { by, group: fields.group() };
    }
  })();
  fields.end();
  return target;
}

function parseLinks(fields: Fields): readonly string[] {
  const links = fields.names("links", 'directed links as in ["n1>n2"]');
  try {
    customLinks(links);
  } catch (error) {
    throw new Error(`${fields.where}.links: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  return links;
}

/** Ten years: farther than that lies no certificate, lease or file time that a test could be about. */
const longestOffsetMs = 315_360_000_000;

/** Positive or negative, and large enough to be seen. */
function parseClock(fields: Fields, name: string, least: number, most: number): number {
  const value = fields.number(name, -most, true);
  if (Math.abs(value) < least || value > most)
    throw new Error(
      `${fields.where}.${name}: expected a whole number from ${least} to ${most}, or the negative of one, got ${value}`,
    );
  return value;
}

/** A shorter delay could not be told from the time that it takes to look. */
const shortestCloseDelayMs = 500;
/** The heal is confirmed only when it has passed. */
const longestCloseDelayMs = 5_000;

/** More copies of one request only fill buffers. */
const mostCopies = 20;

function parseAtMost(fields: Fields, name: string, least: number, most: number): number {
  const value = fields.number(name, least, true);
  if (value > most) throw new Error(`${fields.where}.${name}: expected at most ${most}, got ${value}`);
  return value;
}

function parseFault(value: JsonValue, where: string): Fault {
  const fields = new Fields(value, where);
  const kind = fields.oneOf("kind", Object.keys(faultKinds) as FaultKind[]);
  const glitch = fields.get("glitch");
  if (glitch !== undefined && typeof glitch !== "boolean") throw new Error(`${where}.glitch: expected true or false`);
  const series = fields.get("series");
  if (series !== undefined && (typeof series !== "string" || series === ""))
    throw new Error(`${where}.series: expected a name`);
  const timed = {
    at_ms: fields.number("at_ms", 0),
    for_ms: fields.number("for_ms", 1),
    ...(glitch === undefined ? {} : { glitch }),
    ...(series === undefined ? {} : { series }),
  };
  const fault = ((): Fault => {
    switch (kind) {
      case "kill":
      case "terminate":
      case "pause":
      case "memory-limit":
      case "client-death":
        return { kind, ...timed, target: parseTarget(fields.get("target"), `${where}.target`) };
      case "restart":
        return {
          kind,
          ...timed,
          target: parseTarget(fields.get("target"), `${where}.target`),
          how: fields.oneOf("how", ["kill", "terminate"]),
        };
      case "disk-full":
      case "disk-read-only":
      case "roll-back":
      case "truncate":
      case "latent-error":
      case "wipe-disk":
        return { kind, ...timed, target: parseTarget(fields.get("target"), `${where}.target`) };
      case "bit-flip":
        return {
          kind,
          ...timed,
          target: parseTarget(fields.get("target"), `${where}.target`),
          bits: fields.number("bits", 1, true),
        };
      case "clock-jump":
        return {
          kind,
          ...timed,
          target: parseTarget(fields.get("target"), `${where}.target`),
          offset_ms: parseClock(fields, "offset_ms", 100, longestOffsetMs),
        };
      case "clock-drift":
        return {
          kind,
          ...timed,
          target: parseTarget(fields.get("target"), `${where}.target`),
          ms_per_s: parseClock(fields, "ms_per_s", 20, 900),
        };
      case "clock-strobe":
        return {
          kind,
          ...timed,
          target: parseTarget(fields.get("target"), `${where}.target`),
          offset_ms: parseClock(fields, "offset_ms", 100, longestOffsetMs),
          period_ms: fields.number("period_ms", 100, true),
        };
      case "packet-loss":
      case "packet-duplicate":
      case "packet-reorder":
      case "packet-corrupt":
        return {
          kind,
          ...timed,
          target: parseTarget(fields.get("target"), `${where}.target`),
          percent: fields.number("percent", 0.01),
        };
      case "duplicate-requests":
        return {
          kind,
          ...timed,
          target: parseTarget(fields.get("target"), `${where}.target`),
          copies: parseAtMost(fields, "copies", 1, mostCopies),
          every_ms: fields.number("every_ms", 1, true),
        };
      case "retry-storm":
        return {
          kind,
          ...timed,
          target: parseTarget(fields.get("target"), `${where}.target`),
          every_ms: fields.number("every_ms", 1, true),
        };
      case "cpu-quota":
        return {
          kind,
          ...timed,
          target: parseTarget(fields.get("target"), `${where}.target`),
          cores: fields.number("cores", 0.01),
        };
      case "partition": {
        const shape = fields.oneOf<PartitionShape | "custom">("shape", [
          ...shapeEntries.map((entry) => entry.shape),
          "custom",
        ]);
        const mode = fields.oneOf("mode", ["reset", "drop", "stall"]);
        if (shape === "custom") return { kind, ...timed, shape, mode, links: parseLinks(fields) };
        return { kind, ...timed, shape, mode, group: fields.group(), scope: fields.oneOf("scope", ["group", "all"]) };
      }
      case "bandwidth":
      case "disk-slow":
        return {
          kind,
          ...timed,
          target: parseTarget(fields.get("target"), `${where}.target`),
          rate_kb_per_s: fields.number("rate_kb_per_s", 1, true),
        };
      case "slicing":
        return {
          kind,
          ...timed,
          target: parseTarget(fields.get("target"), `${where}.target`),
          piece_bytes: fields.number("piece_bytes", 1, true),
          pause_ms: fields.number("pause_ms", 1, true),
        };
      case "limit-data":
        return {
          kind,
          ...timed,
          target: parseTarget(fields.get("target"), `${where}.target`),
          limit_bytes: fields.number("limit_bytes", 1, true),
        };
      case "reset": {
        const target = parseTarget(fields.get("target"), `${where}.target`);
        const after_ms = fields.number("after_ms", 0, true);
        if (after_ms > longestResetMs)
          throw new Error(`${where}.after_ms: expected at most ${longestResetMs}, got ${after_ms}`);
        return { kind, ...timed, target, after_ms };
      }
      case "slow-close":
        return {
          kind,
          ...timed,
          target: parseTarget(fields.get("target"), `${where}.target`),
          delay_ms: parseAtMost(fields, "delay_ms", shortestCloseDelayMs, longestCloseDelayMs),
        };
      case "latency":
        return {
          kind,
          ...timed,
          target: parseTarget(fields.get("target"), `${where}.target`),
          latency_ms: fields.number("latency_ms", 1, true),
          jitter_ms: fields.number("jitter_ms", 0, true),
        };
    }
  })();
  fields.end();
  return fault;
}

/** Reads a list of faults and compositions from JSON, and returns single faults. Throws an Error that names the first fault and field that is wrong. */
export function parseFaults(value: JsonValue): readonly Fault[] {
  if (!Array.isArray(value)) throw new Error("faults: expected a list");
  const faults: Fault[] = [];
  for (const [index, entry] of value.entries()) {
    const where = `faults[${index}]`;
    const single = isComposition(entry) ? expandComposition(entry, index, where) : [entry as JsonValue];
    if (faults.length + single.length > maxFaults) throw new Error(`faults: more than ${maxFaults}`);
    faults.push(...single.map((fault) => parseFault(fault, where)));
  }
  return faults;
}
