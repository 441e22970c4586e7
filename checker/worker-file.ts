// Worker threads of our own files: built JavaScript where the product runs, TypeScript through tsx where the tests run.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { Worker, type WorkerOptions } from "node:worker_threads";

/** Starts the sibling file of that name (without its ending) of the module whose `import.meta.url` is given. */
export function startWorker(name: string, siblingOf: string, options: WorkerOptions = {}): Worker {
  if (!siblingOf.endsWith(".ts")) return new Worker(new URL(`./${name}.js`, siblingOf), options);
  // Resolving as `require` does names the CommonJS form; its sibling is the module.
  const required = createRequire(siblingOf).resolve("tsx/esm/api");
  const loader = pathToFileURL(required.replace(/\.cjs$/, ".mjs")).href;
  const file = new URL(`./${name}.ts`, siblingOf).href;
  const start = `import(${JSON.stringify(loader)}).then(({ register }) => { register(); return import(${JSON.stringify(file)}); })`;
  return new Worker(start, { ...options, eval: true });
}
