// The file sink against a real file, and against a disk that is full, short of room, or broken.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FileSink, SinkError } from "./sink.js";

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "minos-sink-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function noSpace(): never {
  throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
}

function thrown(act: () => void): SinkError {
  try {
    act();
  } catch (error) {
    if (error instanceof SinkError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("the file sink", () => {
  test("what was appended is in the file at once, and its size is reported", () => {
    const sink = new FileSink(join(directory, "history.jsonl"));
    sink.append("ä\n");
    expect(readFileSync(sink.path, "utf8")).toBe("ä\n");
    expect(sink.bytesWritten).toBe(3);
    sink.close();
    sink.close();
    expect(thrown(() => sink.append("more\n")).reason).toBe("closed");
  });

  test("an existing file is never written to", () => {
    const path = join(directory, "history.jsonl");
    new FileSink(path).close();
    expect(thrown(() => new FileSink(path)).message).toContain(path);
  });

  test("a full disk is named as such, and nothing follows the torn line", () => {
    let room = 5;
    const sink = new FileSink(join(directory, "history.jsonl"), {
      write: (descriptor, bytes, offset) => {
        if (room === 0) noSpace();
        const length = Math.min(room, bytes.length - offset);
        room -= length;
        return writeSync(descriptor, bytes, offset, length);
      },
    });
    const first = thrown(() => sink.append("0123456789\n"));
    expect(first.reason).toBe("disk-full");
    expect(first.message).toContain("the disk is full");
    room = 100;
    expect(thrown(() => sink.append("next\n"))).toBe(first);
    expect(readFileSync(sink.path, "utf8")).toBe("01234");
    sink.close();
  });

  test("short writes are carried on until all is written", () => {
    const sink = new FileSink(join(directory, "history.jsonl"), {
      write: (descriptor, bytes, offset) => writeSync(descriptor, bytes, offset, Math.min(3, bytes.length - offset)),
    });
    sink.append("0123456789\n");
    expect(readFileSync(sink.path, "utf8")).toBe("0123456789\n");
    sink.close();
  });

  test("a limit ends the file before the line that would pass it", () => {
    const sink = new FileSink(join(directory, "history.jsonl"), { maxBytes: 12 });
    sink.append("0123456789\n");
    expect(thrown(() => sink.append("x\n")).reason).toBe("limit-reached");
    expect(sink.bytesWritten).toBe(11);
    sink.close();
  });
});
