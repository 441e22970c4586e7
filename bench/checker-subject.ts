// Our side of `npm run bench:checker`: one thread, the whole way from operations in memory to a verdict whose linearization the verifier has
// replayed. Explaining a violation is not in it.
import { decide, type Decision, type EngineName } from "../checker/index.js";
import type { PeerHistory } from "./checker-peer.js";

export interface OwnResult {
  readonly decision: Decision;
  readonly ms: readonly number[];
}

export interface OwnOptions {
  readonly repeat: number;
  readonly warmUp: number;
  readonly timeoutMs: number;
  readonly memoryMb?: number;
  readonly engine?: EngineName | "default";
}

export function runOurs(history: PeerHistory, { repeat, warmUp, timeoutMs, memoryMb, engine }: OwnOptions): OwnResult {
  const ms: number[] = [];
  let decision: Decision | null = null;
  for (let turn = -warmUp; turn < repeat; turn++) {
    const started = performance.now();
    decision = decide(history.operations, history.model, {
      initial: history.initial,
      ...(engine === undefined || engine === "default" ? {} : { engine }),
      budget: {
        timeMs: timeoutMs,
        configurations: Number.MAX_SAFE_INTEGER,
        ...(memoryMb === undefined ? {} : { memoryMb }),
      },
    });
    if (turn >= 0) ms.push(performance.now() - started);
    if (decision.valid === "unknown") break;
  }
  if (decision === null) throw new Error("nothing was run");
  return { decision, ms: ms.length > 0 ? ms : [timeoutMs] };
}

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((left, right) => left - right);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** For one verdict of each side: a contradiction ends the benchmark. */
export function requireAgreement(name: string, ours: Decision, theirs: string): void {
  if (ours.valid === "unknown" || theirs === "timeout" || theirs === "memory") return;
  if (ours.valid !== (theirs === "valid"))
    throw new Error(`${name}: Minos says ${String(ours.valid)}, Porcupine ${theirs}`);
}
