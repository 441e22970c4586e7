// A node writes its log straight to a file, so that neither a busy nor a dead Minos ever holds it up; this reads the file behind it.
import { open, type FileHandle } from "node:fs/promises";
import { steadyUnixMs, type LogTimes } from "../cluster/index.js";

const pollEveryMs = 100;
const chunkBytes = 64 * 1024;
/** A longer line is judged by its beginning. */
const maxLineLength = 16 * 1024;
/** One panic prints many lines; more than this of one node tell nothing new. */
const maxReports = 20;

export const tailLines = 40;
const tailBytes = 16 * 1024;

export class LogFollower {
  readonly #timer: NodeJS.Timeout;
  #offset = 0;
  #rest = "";
  #reports = 0;
  #reading: Promise<void> = Promise.resolve();
  /** Before the file was last looked at: what is new by the next look was written since. */
  #lookedAtMs = steadyUnixMs();

  constructor(
    private readonly path: string,
    private readonly patterns: readonly RegExp[],
    private readonly onMatch: (line: string) => void,
    private readonly onTrouble: (detail: string) => void,
    private readonly times: LogTimes | null = null,
  ) {
    this.#timer = setInterval(() => void this.catchUp(), pollEveryMs);
    this.#timer.unref();
  }

  /** Resolves when everything that was in the file at the time of the call has been looked at. */
  catchUp(): Promise<void> {
    this.#reading = this.#reading.then(() => this.#read());
    return this.#reading;
  }

  /** To be called when the writer has ended: what it wrote last is a line, ended or not. */
  async finishLine(): Promise<void> {
    await this.catchUp();
    if (this.#rest !== "") this.#judge(this.#rest);
    this.#rest = "";
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.finishLine();
    this.times?.close();
  }

  async #read(): Promise<void> {
    let file: FileHandle | null = null;
    try {
      file = await open(this.path, "r");
      const lookedAtMs = steadyUnixMs();
      const end = (await file.stat()).size;
      if (end > this.#offset) this.times?.grown(end, this.#lookedAtMs, steadyUnixMs());
      this.#lookedAtMs = lookedAtMs;
      const buffer = Buffer.alloc(chunkBytes);
      while (this.#offset < end) {
        const { bytesRead } = await file.read(buffer, 0, Math.min(chunkBytes, end - this.#offset), this.#offset);
        if (bytesRead === 0) break;
        this.#offset += bytesRead;
        // Latin-1 keeps a character that was cut in two harmless; crash patterns are ASCII.
        this.#take(buffer.toString("latin1", 0, bytesRead));
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") this.onTrouble(`${this.path}: ${String(error)}`);
    } finally {
      await file?.close();
    }
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = (lines.pop() ?? "").slice(0, maxLineLength);
    for (const line of lines) this.#judge(line);
  }

  #judge(line: string): void {
    // `search` ignores the state that a /g pattern would carry from line to line.
    if (this.#reports >= maxReports || !this.patterns.some((pattern) => line.search(pattern) !== -1)) return;
    this.#reports += 1;
    this.onMatch(line.slice(0, maxLineLength));
  }
}

/** The last lines of a log; empty when there is none. */
export async function readTail(path: string): Promise<readonly string[]> {
  let file: FileHandle | null = null;
  try {
    file = await open(path, "r");
    const { size } = await file.stat();
    const from = Math.max(0, size - tailBytes);
    const buffer = Buffer.alloc(size - from);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, from);
    const lines = buffer.toString("utf8", 0, bytesRead).trimEnd().split("\n");
    if (from > 0) lines.shift();
    return lines.filter((line, index) => line !== "" || index > 0).slice(-tailLines);
  } catch {
    return [];
  } finally {
    await file?.close();
  }
}
