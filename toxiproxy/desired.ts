// From the state of directed links to the state of proxies: pure. A directed link a>b runs through two proxies: the upstream
// stream of a's connections to b, and the downstream stream (the answers) of b's connections to a.
import type { CutMode, LinkShape, Stream } from "./types.js";

/** What shall hold for one directed link. */
export interface LinkState {
  readonly cut: CutMode | null;
  readonly shape: LinkShape | null;
}

export const untouched: LinkState = { cut: null, shape: null };

export interface DesiredToxic {
  readonly name: string;
  readonly type: "timeout" | "bandwidth" | "latency" | "slicer" | "limit_data" | "reset_peer" | "slow_close";
  readonly stream: Stream;
  readonly attributes: Readonly<Record<string, number>>;
}

export interface DesiredProxy {
  readonly enabled: boolean;
  /** In the order in which they are to be added. */
  readonly toxics: readonly DesiredToxic[];
}

/** Toxiproxy's toxics take whole numbers only. */
const whole = (value: number): number => Math.max(0, Math.round(value));

function shapeToxics(shape: LinkShape, stream: Stream): readonly DesiredToxic[] {
  const toxics: DesiredToxic[] = [];
  const { latencyMs = 0, jitterMs = 0, bandwidthKbPerS, slicing, limitBytes, resetAfterMs, closeAfterMs } = shape;
  if (latencyMs > 0 || jitterMs > 0) {
    const attributes = { latency: whole(latencyMs), jitter: whole(jitterMs) };
    toxics.push({ name: `latency-${stream}`, type: "latency", stream, attributes });
  }
  if (bandwidthKbPerS !== undefined) {
    // Rate 0 would be a stall, which is a cut and not a shape.
    const attributes = { rate: Math.max(1, whole(bandwidthKbPerS)) };
    toxics.push({ name: `bandwidth-${stream}`, type: "bandwidth", stream, attributes });
  }
  if (slicing !== undefined) {
    // A size of 0 ends Toxiproxy's process.
    const attributes = { average_size: Math.max(1, whole(slicing.pieceBytes)), delay: whole(slicing.pauseMs * 1000) };
    toxics.push({ name: `slicer-${stream}`, type: "slicer", stream, attributes });
  }
  if (limitBytes !== undefined)
    toxics.push({
      name: `limit-${stream}`,
      type: "limit_data",
      stream,
      attributes: { bytes: Math.max(1, whole(limitBytes)) },
    });
  if (resetAfterMs !== undefined)
    toxics.push({
      name: `reset-${stream}`,
      type: "reset_peer",
      stream,
      attributes: { timeout: whole(resetAfterMs) },
    });
  if (closeAfterMs !== undefined)
    toxics.push({
      name: `slow-close-${stream}`,
      type: "slow_close",
      stream,
      attributes: { delay: whole(closeAfterMs) },
    });
  return toxics;
}

function cutToxics(cut: CutMode | null, stream: Stream): readonly DesiredToxic[] {
  if (cut === "stall") return [{ name: `stall-${stream}`, type: "bandwidth", stream, attributes: { rate: 0 } }];
  // A reset of a>b disables the proxy that a dials; b's own connections live on, but answers on them must not flow either.
  if (cut === "drop" || (cut === "reset" && stream === "downstream"))
    return [{ name: `drop-${stream}`, type: "timeout", stream, attributes: { timeout: 0 } }];
  return [];
}

/** The proxy a→b, given the links a>b (`forward`, its upstream stream) and b>a (`backward`, its downstream stream). */
export function desiredProxy(forward: LinkState, backward: LinkState, disabled: boolean): DesiredProxy {
  return {
    enabled: !disabled && forward.cut !== "reset",
    toxics: [
      ...(forward.shape === null ? [] : shapeToxics(forward.shape, "upstream")),
      ...(backward.shape === null ? [] : shapeToxics(backward.shape, "downstream")),
      ...cutToxics(forward.cut, "upstream"),
      ...cutToxics(backward.cut, "downstream"),
    ],
  };
}

export function sameAttributes(
  one: Readonly<Record<string, number>>,
  other: Readonly<Record<string, number>>,
): boolean {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every((name) => (one[name] ?? 0) === (other[name] ?? 0));
}
