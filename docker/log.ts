// A container's output, written to a file while it comes, watched for lines that mean a crash, its end kept in memory.
import { closeSync, openSync, writeSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { Writable, type Readable } from "node:stream";
import type Docker from "dockerode";
import { steadyUnixMs, type LogTimes } from "../cluster/index.js";

const tailLines = 40;
const maxLineLength = 8_192;
const maxFileBytes = 256 * 1024 * 1024;

export interface LogWatcher {
  readonly crashPatterns: readonly RegExp[];
  panic(line: string): void;
  /** The file cannot be written, or is full; told once. */
  trouble(detail: string): void;
}

export class ContainerLog {
  readonly #tail: string[] = [];
  readonly #patterns: readonly RegExp[];
  #file: number | null;
  #bytes = 0;
  /** The attached stream, until its end has been read. */
  #open: Promise<void> = Promise.resolve();
  #stream: Readable | null = null;

  constructor(
    path: string,
    private readonly watcher: LogWatcher,
    private readonly times: LogTimes | null = null,
  ) {
    this.#file = openSync(path, "a");
    // A pattern with the flag "g" or "y" would remember where it stood and miss lines.
    this.#patterns = watcher.crashPatterns.map(({ source, flags }) => new RegExp(source, flags.replace(/[gy]/g, "")));
  }

  /** Reads the engine's stream of stdout and stderr, interleaved as they came. One stream at a time. */
  attach(docker: Docker, stream: Readable): void {
    const outputs = [this.#output(), this.#output()] as const;
    docker.modem.demuxStream(stream, outputs[0].writable, outputs[1].writable);
    this.#stream = stream;
    this.#open = new Promise((resolve) => {
      stream.on("error", () => undefined);
      stream.once("close", () => {
        for (const { end } of outputs) end();
        resolve();
      });
    });
  }

  /** The last lines; waits a moment for those that are still under way. */
  async tail(): Promise<readonly string[]> {
    await Promise.race([this.#open, new Promise((resolve) => setTimeout(resolve, 500).unref())]);
    return [...this.#tail];
  }

  /** A line of our own among the container's. */
  note(line: string): void {
    this.#write(Buffer.from(`${line}\n`));
    this.#keep(line);
  }

  close(): void {
    this.#stream?.destroy();
    this.times?.close();
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }

  #output(): { readonly writable: Writable; readonly end: () => void } {
    const decoder = new StringDecoder("utf8");
    let rest = "";
    const writable = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        this.#write(chunk);
        const lines = (rest + decoder.write(chunk)).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) this.#line(line);
        // No line is longer: the rest would grow without end.
        if (rest.length > maxLineLength) {
          this.#line(rest);
          rest = "";
        }
        done();
      },
    });
    const end = () => {
      if (rest !== "") this.#line(rest);
      rest = "";
    };
    return { writable, end };
  }

  #line(line: string): void {
    const text = line.replace(/\r$/, "").slice(0, maxLineLength);
    this.#keep(text);
    if (this.#patterns.some((pattern) => pattern.test(text))) this.watcher.panic(text);
  }

  #keep(line: string): void {
    this.#tail.push(line);
    if (this.#tail.length > tailLines) this.#tail.shift();
  }

  #write(chunk: Buffer): void {
    if (this.#file === null) return;
    this.#bytes += chunk.length;
    try {
      if (this.#bytes > maxFileBytes) throw new Error(`it is larger than ${maxFileBytes} bytes`);
      writeSync(this.#file, chunk);
      // The engine hands on what a container says at once.
      const nowMs = steadyUnixMs();
      this.times?.grown(this.#bytes, nowMs, nowMs);
    } catch (error) {
      closeSync(this.#file);
      this.#file = null;
      this.watcher.trouble(`a log is cut short: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
