// The node process: `node node.js --node n1 …` (see options.ts). One line of JSON for each important event on standard error.
// An error that nobody expected ends the process with a line that begins with "FATAL", and with exit code 1. SIGTERM stops
// cleanly. It does not fork, does not read standard input and keeps nothing outside its data directory.
import { StoreNode } from "./node.js";
import { parseOptions, usage } from "./options.js";
import type { NodeOptions } from "./options.js";

function log(event: string, detail: Readonly<Record<string, unknown>> = {}): void {
  process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), event, ...detail })}\n`);
}

function fatal(error: unknown): never {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`FATAL ${text}\n`);
  process.exit(1);
}

function readOptions(): NodeOptions {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`FATAL ${error instanceof Error ? error.message : String(error)}\n${usage}\n`);
    process.exit(2);
  }
}

async function main(): Promise<void> {
  process.on("uncaughtException", fatal);
  process.on("unhandledRejection", fatal);
  const options = readOptions();
  const node = new StoreNode(options, { log, fatal });
  const stop = (signal: string): void => {
    log("stopping", { signal });
    node.stop();
    process.exit(0);
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  await node.start();
  log("listening", { node: options.node, pid: process.pid });
}

main().catch(fatal);
