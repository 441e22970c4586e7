// Porcupine beside us: builds the Go program in bench/porcupine into a folder of its own and runs it over histories.
import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { JsonValue, Operation } from "../history/index.js";
import { peerHistory } from "./checker-peer-format.js";

export interface PeerHistory {
  readonly operations: readonly Operation[];
  readonly model: string;
  readonly initial: JsonValue;
}

export interface PeerResult {
  /** `timeout` and `memory`: it was stopped there. */
  readonly verdict: "valid" | "invalid" | "timeout" | "memory";
  readonly ms: readonly number[];
  readonly peakMb: number;
}

export interface PeerOptions {
  readonly repeat: number;
  readonly warmUp: number;
  readonly timeoutMs: number;
}

const memoryLimitMb = 4096;

function goCommand(): string | null {
  const names = [process.env["MINOS_GO"] ?? "go", "/usr/local/go/bin/go"];
  return names.find((name) => spawnSync(name, ["version"]).status === 0) ?? null;
}

export class Porcupine {
  #written = 0;
  private constructor(
    readonly folder: string,
    readonly version: string,
  ) {}

  /** Null, and a line that says so, where there is no Go or Porcupine cannot be had. */
  static build(): Porcupine | null {
    const go = goCommand();
    if (go === null) {
      console.error(
        "NOTICE: there is no Go on this machine: Porcupine is not measured beside us (MINOS_GO names a go command)",
      );
      return null;
    }
    const folder = mkdtempSync(join(tmpdir(), "minos-porcupine-"));
    const source = join(import.meta.dirname, "porcupine");
    const built = spawnSync(go, ["build", "-o", join(folder, "peer"), "."], { cwd: source, encoding: "utf8" });
    if (built.status !== 0) {
      rmSync(folder, { recursive: true });
      console.error(`NOTICE: Porcupine could not be built, so it is not measured beside us: ${built.stderr.trim()}`);
      return null;
    }
    const listed = spawnSync(go, ["list", "-m", "-f", "{{.Version}}", "github.com/anishathalye/porcupine"], {
      cwd: source,
      encoding: "utf8",
    });
    const release = spawnSync(go, ["env", "GOVERSION"], { encoding: "utf8" }).stdout.trim();
    return new Porcupine(folder, `Porcupine ${listed.stdout.trim()}, ${release}`);
  }

  /** All in one process, one after the other. */
  async run(histories: readonly PeerHistory[], options: PeerOptions): Promise<readonly PeerResult[]> {
    const paths = histories.map(({ operations, model, initial }) => {
      const path = join(this.folder, `history-${this.#written++}.jsonl`);
      writeFileSync(path, peerHistory(operations, model, initial));
      return path;
    });
    const flags = [
      `-repeat=${options.repeat}`,
      `-warm-up=${options.warmUp}`,
      `-timeout=${options.timeoutMs}ms`,
      `-limit-mb=${memoryLimitMb}`,
    ];
    const { stdout } = await promisify(execFile)(join(this.folder, "peer"), [...flags, ...paths], {
      maxBuffer: 2 ** 26,
    });
    for (const path of paths) rmSync(path);
    const { results } = JSON.parse(stdout) as {
      readonly results: readonly {
        readonly verdict: PeerResult["verdict"];
        readonly ms: number[];
        readonly peak_mb: number;
      }[];
    };
    return results.map(({ verdict, ms, peak_mb }) => ({ verdict, ms, peakMb: peak_mb }));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
