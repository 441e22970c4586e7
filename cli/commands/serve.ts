// minos serve: the store in a browser.
import { existsSync } from "node:fs";
import { InvalidArgumentError, type Command } from "commander";
import { exitCodes, serveStore, UsageError } from "../../campaign/index.js";
import type { Session } from "../cli.js";
import { createTerminal } from "../terminal.js";

const defaultPort = 4480;

export function registerServe(program: Command, session: Session): void {
  program
    .command("serve")
    .description("browse the store in a browser: runs, comparisons, reports, campaigns, violations; on 127.0.0.1 only")
    .option("--store <folder>", "where runs are kept", "store")
    .option("--port <n>", "the port to listen on; 0: any that is free", portOf, defaultPort)
    .option("--json", "print the address as a JSON document on standard output")
    .action(async (words: { readonly store: string; readonly port: number; readonly json?: boolean }) => {
      if (!existsSync(words.store))
        throw new UsageError(`there is no store ${words.store}`, "minos run makes one; --store names another folder");
      const terminal = createTerminal(words.json === true);
      const { colors } = terminal;
      const onError = (error: unknown): void => terminal.err(`${colors.red("serve:")} ${String(error)}`);
      const server = await serveStore({ ...words, onError }).catch((error: unknown) => {
        if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
        throw new UsageError(`port ${words.port} is taken`, "--port names another, and 0 any that is free");
      });
      terminal.out(`${words.store} at ${colors.bold(server.url)}  (Ctrl-C ends it)`);
      terminal.document({ url: server.url, store: words.store });
      await interrupted();
      await server.close();
      session.exitCode = exitCodes.valid;
    });
}

function portOf(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError("expected a port, 0 to 65535");
  return port;
}

function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
}
