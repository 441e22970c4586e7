// A node's time of day, changed through libfaketime: the library reads an offset from a file at each reading of the clock, and the
// file is replaced while the node runs. Only the time of day is faked: the monotonic clock, by which timers go, stays the machine's, as
// it does when a machine's time is set. The machine's own clock is never touched. Clusters whose nodes are processes of this machine's
// kernel use it, in containers or not.
import { existsSync } from "node:fs";
import { chmod, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ClockTrouble } from "./cluster.js";

/** From one step of a drifting clock to the next. */
const driftStepMs = 50;

const places = ["x86_64-linux-gnu/faketime", "aarch64-linux-gnu/faketime", "faketime"].flatMap((place) =>
  ["/usr/lib", "/usr/lib64", "/usr/local/lib"].map((root) => `${root}/${place}/libfaketimeMT.so.1`),
);

/** The library on this machine; null where it is not installed. */
export function findFaketime(): string | null {
  return places.find((path) => existsSync(path)) ?? null;
}

export const installFaketime =
  "libfaketime is not installed (on Debian: apt-get install libfaketime), and the machine's clock is never touched";

export class NodeClock {
  readonly #path: string;
  #timer: NodeJS.Timeout | null = null;
  /** Writes are done one after the other, so that an older one never wins. */
  #written: Promise<void> = Promise.resolve();
  #waiting = 0;

  /** `inside`: where the node finds the library and the directory, if that is not where this process does. */
  constructor(
    readonly library: string,
    readonly directory: string,
    private readonly inside: { readonly library: string; readonly directory: string } = { library, directory },
  ) {
    this.#path = join(directory, "clock");
  }

  /** What the node's process must find in its environment. */
  get environment(): Readonly<Record<string, string>> {
    return {
      LD_PRELOAD: this.inside.library,
      FAKETIME_TIMESTAMP_FILE: join(this.inside.directory, "clock"),
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    };
  }

  /** Before the node's first start, or the library finds no file. */
  prepare(): Promise<void> {
    return this.#write(0);
  }

  async set(trouble: ClockTrouble | null): Promise<void> {
    this.stop();
    switch (trouble?.how) {
      case undefined:
        return this.#write(0);
      case "jump":
        return this.#write(trouble.offsetMs);
      case "drift": {
        const began = performance.now();
        this.#every(driftStepMs, () => (trouble.msPerS * (performance.now() - began)) / 1000);
        return;
      }
      case "strobe": {
        let ahead = true;
        this.#every(trouble.periodMs, () => {
          ahead = !ahead;
          return ahead ? trouble.offsetMs : 0;
        });
        return this.#write(trouble.offsetMs);
      }
    }
  }

  /** Removes what the library shares between processes and leaves behind when one is killed. */
  async forget(pid: number): Promise<void> {
    await Promise.all(
      [`faketime_shm_${pid}`, `sem.faketime_sem_${pid}`].map((name) => rm(join("/dev/shm", name), { force: true })),
    );
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  #every(ms: number, offsetMs: () => number): void {
    this.#timer = setInterval(() => {
      // A disk that is slower than the steps: the next one makes up for those left out. A write that failed shows in the confirmation.
      if (this.#waiting === 0) void this.#write(offsetMs()).catch(() => undefined);
    }, ms).unref();
  }

  #write(offsetMs: number): Promise<void> {
    this.#waiting += 1;
    const text = `${offsetMs < 0 ? "-" : "+"}${(Math.abs(offsetMs) / 1000).toFixed(6)}\n`;
    const replace = async (): Promise<void> => {
      try {
        await writeFile(`${this.#path}.new`, text);
        // A node in a container is another user's process.
        await chmod(`${this.#path}.new`, 0o644);
        await rename(`${this.#path}.new`, this.#path);
      } finally {
        this.#waiting -= 1;
      }
    };
    const written = this.#written.then(replace);
    this.#written = written.catch(() => undefined);
    return written;
  }
}
