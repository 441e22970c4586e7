// A thread that judges one key after the other.
import { parentPort, workerData } from "node:worker_threads";
import { checkLinearizability } from "../linearizability.js";
import type { AnyModel } from "../model.js";
import { resolveModel } from "../models/resolve-model.js";
import type { FromJudgeWorker, JudgeWorkerData, ModelReference, ToJudgeWorker } from "./messages.js";

const port = parentPort;
if (port === null) throw new Error("this file runs in a worker thread only");
const { model, initial, engine, explainMs } = workerData as JudgeWorkerData;
const tellEveryMs = 50;

function tell(message: FromJudgeWorker): void {
  port?.postMessage(message);
}

async function find(reference: ModelReference): Promise<AnyModel> {
  if (reference.kind === "built-in") return resolveModel(reference.name);
  const found = ((await import(reference.url)) as Readonly<Record<string, unknown>>)[reference.exported];
  if (typeof found === "object" && found !== null && "open" in found) return found as AnyModel;
  throw new Error(`${reference.url} exports no model called ${reference.exported}`);
}

function judge(found: AnyModel, { operations, budget, explainKeys }: ToJudgeWorker): FromJudgeWorker {
  let untold = 0;
  let toldMs = performance.now();
  const onVisited = (configurations: number): void => {
    untold += configurations;
    if (performance.now() - toldMs < tellEveryMs) return;
    tell({ kind: "visited", configurations: untold });
    untold = 0;
    toldMs = performance.now();
  };
  const result = checkLinearizability(operations, found, {
    initial,
    budget,
    explainKeys,
    watch: { onVisited },
    ...(engine === undefined ? {} : { engine }),
    ...(explainMs === undefined ? {} : { explainMs }),
  });
  tell({ kind: "visited", configurations: untold });
  return { kind: "judged", result };
}

const finding = find(model);
port.on("message", (task: ToJudgeWorker) => {
  finding
    .then((found) => tell(judge(found, task)))
    .catch((error: unknown) => {
      const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
      tell({ kind: "threw", name, message, stack });
    });
});
