// Scripted workloads: a few short chains of operations with the answers they must get. Chains run side by side; within a chain
// each step waits for the one before.
import type { JsonValue } from "../cluster/index.js";
import type { Generator, GeneratorStep, PlannedOperation } from "./generator.js";

export interface ScriptStep {
  readonly function: string;
  readonly key: JsonValue;
  readonly input: JsonValue;
  /** The output that it must have. */
  readonly expected: JsonValue;
}

export interface Script {
  readonly chains: readonly (readonly ScriptStep[])[];
  /** No step starts earlier. */
  readonly startMs: number;
  /** A chain that is not through by then is given up. */
  readonly endMs: number;
}

/** Between two tries of one step, on another node each time. */
const retryAfterMs = 100;

interface Chain {
  readonly steps: readonly ScriptStep[];
  readonly number: number;
  at: number;
  tries: number;
  notBeforeMs: number;
  /** Its thread while one is open. */
  thread: number | null;
  givenUp: boolean;
}

/**
 * A step refused for certain (`fail`) is tried again through another node; so is one of unknown outcome when doing it twice
 * changes nothing (a get, or a put of a value that only this chain writes). A cas of unknown outcome ends its chain.
 */
export function scriptLoad(script: Script, nodes: number): Generator {
  const chains: Chain[] = script.chains.map((steps, number) => ({
    steps,
    number,
    at: 0,
    tries: 0,
    notBeforeMs: script.startMs,
    thread: null,
    givenUp: false,
  }));
  const running = (): readonly Chain[] => chains.filter((chain) => !chain.givenUp && chain.at < chain.steps.length);

  function threadFor(chain: Chain, freeThreads: readonly number[]): number | undefined {
    // Each step, and each try of it, asks another node.
    const wanted = (chain.number + chain.at + chain.tries) % nodes;
    return freeThreads.find((thread) => thread % nodes === wanted);
  }

  return {
    next({ nowMs, freeThreads }): GeneratorStep {
      const open = running();
      if (open.length === 0 || nowMs >= script.endMs) return { type: "done" };
      let soonestMs = script.endMs;
      for (const chain of open) {
        if (chain.thread !== null) continue;
        if (chain.notBeforeMs > nowMs) {
          soonestMs = Math.min(soonestMs, chain.notBeforeMs);
          continue;
        }
        const step = chain.steps[chain.at];
        const thread = threadFor(chain, freeThreads);
        if (step === undefined || thread === undefined) continue;
        chain.thread = thread;
        const { key, input } = step;
        const operation: PlannedOperation = {
          thread,
          function: step.function,
          key,
          input,
          intendedMs: Math.max(script.startMs, nowMs),
          phase: "load",
        };
        return { type: "operation", operation };
      }
      return { type: "wait", untilMs: soonestMs };
    },
    update({ nowMs, operation, reply }) {
      const chain = chains.find((candidate) => candidate.thread === operation.thread);
      if (chain === undefined) return;
      chain.thread = null;
      if (reply.outcome === "ok") {
        chain.at += 1;
        chain.tries = 0;
        return;
      }
      if (reply.outcome === "info" && operation.function === "cas") chain.givenUp = true;
      chain.tries += 1;
      chain.notBeforeMs = nowMs + retryAfterMs;
    },
    droppedArrivals: () => 0,
  };
}
