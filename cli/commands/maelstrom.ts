// minos maelstrom: the store as a node of Maelstrom's lin-kv workload, on standard input and output.
import { randomUUID } from "node:crypto";
import type { Command } from "commander";
import { exitCodes, systemNamed, UsageError } from "../../campaign/index.js";
import { MaelstromNode } from "../../simulation/index.js";
import type { Session } from "../cli.js";

interface MaelstromWords {
  readonly mutant?: string;
  readonly replication?: string;
}

export function registerMaelstrom(program: Command, session: Session): void {
  program
    .command("maelstrom")
    .description("be one node of Maelstrom's lin-kv workload on standard input and output")
    .option("--mutant <name>", "with a planted bug (docs/mutants.md)")
    .option("--replication <count>", "nodes of a group (default: all of them)")
    .action(async (words: MaelstromWords) => {
      const system = await systemNamed("store")(words.mutant ?? null);
      const deterministic = await system.deterministic?.();
      if (deterministic === undefined) throw new UsageError(`${system.name} cannot be simulated`);
      const replication = words.replication === undefined ? undefined : Number(words.replication);
      if (replication !== undefined && !(Number.isSafeInteger(replication) && replication > 0))
        throw new UsageError(`--replication ${words.replication ?? ""} is no count of nodes`);
      const node = new MaelstromNode({
        system: deterministic,
        identity: randomUUID(),
        ...(replication === undefined ? {} : { replication }),
      });
      await serve(node, deterministic.tickMs);
      session.exitCode = exitCodes.valid;
    });
}

/** Until standard input ends. Rejects when the node panics: Maelstrom then sees a dead process, as it should. */
function serve(node: MaelstromNode, tickMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const print = (lines: readonly string[]): void => {
      if (lines.length > 0) process.stdout.write(`${lines.join("\n")}\n`);
    };
    const carefully = (work: () => void): void => {
      try {
        work();
      } catch (error) {
        clearInterval(ticks);
        process.stdin.destroy();
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    };
    const ticks = setInterval(() => carefully(() => print(node.tick(performance.now()))), tickMs);
    let rest = "";
    process.stdin.setEncoding("utf8");
    process.stdin.on("data", (chunk: string) => {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      carefully(() => print(node.receive(lines, performance.now())));
    });
    process.stdin.once("end", () => {
      clearInterval(ticks);
      resolve();
    });
  });
}
