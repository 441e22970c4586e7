// The built-in proxy server as a process of its own.
//   node main.js [--host 127.0.0.1] [--port 0] [--counters] [--exit-with-parent]
// Prints one line, {"listening": port}, once the API answers. Ends on SIGTERM and SIGINT, and with --exit-with-parent when its
// standard input closes, so that it never outlives the process that holds the other end of that pipe.
import { parseArgs } from "node:util";
import { ProxyServer } from "./server/api.js";

function readFlags(): { host: string; port: number; counters: boolean; exitWithParent: boolean } {
  const { values } = parseArgs({
    options: {
      host: { type: "string", default: "127.0.0.1" },
      port: { type: "string", default: "0" },
      counters: { type: "boolean", default: false },
      "exit-with-parent": { type: "boolean", default: false },
    },
  });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new Error(`--port ${values.port} is no port`);
  return { host: values.host, port, counters: values.counters, exitWithParent: values["exit-with-parent"] };
}

async function main(): Promise<void> {
  const flags = readFlags();
  const server = new ProxyServer({ host: flags.host, port: flags.port, counters: flags.counters });
  const { port } = await server.listen();
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    // Whatever hangs while closing shall not keep the process alive.
    setTimeout(() => process.exit(0), 1000).unref();
    void server.close().finally(() => process.exit(0));
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  if (flags.exitWithParent) {
    process.stdin.on("error", stop);
    process.stdin.on("close", stop);
    process.stdin.resume();
  }
  process.stdout.write(`${JSON.stringify({ listening: port })}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`proxy server: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(254);
});
