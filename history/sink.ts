// Where the recorder's lines go. A sink appends synchronously: when `append` returns, the operating system has the bytes, so
// that a killed runner loses nothing that it had sent.
import { closeSync, constants, openSync, writeSync } from "node:fs";

/** Raised by a sink; the run must end with it, never go on unrecorded. */
export class SinkError extends Error {
  constructor(
    readonly reason: "disk-full" | "limit-reached" | "write-failed" | "closed",
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = "SinkError";
  }
}

export interface AppendSink {
  /** Appends whole lines, synchronously. Throws SinkError. */
  append(text: string): void;
  readonly bytesWritten: number;
  /** Safe to call twice. */
  close(): void;
}

/** Keeps the text in memory: for simulation and tests. */
export class MemorySink implements AppendSink {
  readonly #chunks: string[] = [];
  bytesWritten = 0;
  append(text: string): void {
    this.#chunks.push(text);
    this.bytesWritten += Buffer.byteLength(text);
  }
  close(): void {}
  text(): string {
    return this.#chunks.join("");
  }
}

export interface FileSinkOptions {
  /** The file may not grow beyond this; reaching it is an error that ends the run. Default 2 GiB. */
  readonly maxBytes?: number;
  /** How bytes are written; tests put a full disk here. */
  readonly write?: (descriptor: number, bytes: Uint8Array, offset: number) => number;
}

/** A new file (an existing one is an error), written with writeSync. */
export class FileSink implements AppendSink {
  readonly #descriptor: number;
  readonly #maxBytes: number;
  readonly #write: (descriptor: number, bytes: Uint8Array, offset: number) => number;
  #open = true;
  #failed: SinkError | null = null;
  bytesWritten = 0;

  constructor(
    readonly path: string,
    options: FileSinkOptions = {},
  ) {
    this.#maxBytes = options.maxBytes ?? 2 * 1024 ** 3;
    this.#write = options.write ?? ((descriptor, bytes, offset) => writeSync(descriptor, bytes, offset));
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_APPEND;
    try {
      this.#descriptor = openSync(path, flags, 0o644);
    } catch (error) {
      throw sinkErrorOf(error, path, 0);
    }
  }

  append(text: string): void {
    // After one failure the file ends in a torn line: nothing may follow it, or the tear would look like corruption.
    if (this.#failed !== null) throw this.#failed;
    if (!this.#open) throw new SinkError("closed", `${this.path} is closed; nothing more can be recorded`);
    const bytes = Buffer.from(text, "utf8");
    if (this.bytesWritten + bytes.length > this.#maxBytes) {
      this.#failed = new SinkError(
        "limit-reached",
        `${this.path} would grow beyond its limit of ${this.#maxBytes} bytes`,
      );
      throw this.#failed;
    }
    let offset = 0;
    try {
      // A write may be short (a nearly full disk); each turn writes at least one byte or throws.
      while (offset < bytes.length) {
        const written = this.#write(this.#descriptor, bytes, offset);
        if (written <= 0) throw new Error("the operating system wrote nothing");
        offset += written;
        this.bytesWritten += written;
      }
    } catch (error) {
      this.#failed = sinkErrorOf(error, this.path, this.bytesWritten);
      throw this.#failed;
    }
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    closeSync(this.#descriptor);
  }
}

function sinkErrorOf(error: unknown, path: string, bytesWritten: number): SinkError {
  const code = error instanceof Error && "code" in error ? error.code : null;
  const reason = code === "ENOSPC" || code === "EDQUOT" ? "disk-full" : "write-failed";
  const why = reason === "disk-full" ? "the disk is full" : error instanceof Error ? error.message : String(error);
  return new SinkError(reason, `cannot write ${path} after ${bytesWritten} bytes: ${why}`, { cause: error });
}
