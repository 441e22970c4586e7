// The lines of a file as a stream, with their places: what is in memory is one piece of the file and one line.
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";

export interface PlacedLine {
  /** Without its end; of a line that is too long, its beginning. */
  readonly text: string;
  /** Where the line ends in the file, its newline included. */
  readonly endByte: number;
}

const maxLineBytes = 64 * 1024;
const newline = 0x0a;

/** From `fromByte` on; a last line without a newline counts. A file that does not exist has none. */
export async function* readLines(path: string, fromByte: number): AsyncGenerator<PlacedLine> {
  const stream = createReadStream(path, { start: fromByte });
  let kept: Buffer[] = [];
  let keptBytes = 0;
  let at = fromByte;
  const keep = (piece: Buffer): void => {
    const room = maxLineBytes - keptBytes;
    if (room <= 0) return;
    kept.push(piece.subarray(0, room));
    keptBytes += Math.min(room, piece.length);
  };
  const take = (): PlacedLine => {
    const line = { text: Buffer.concat(kept).toString("utf8").replace(/\r$/, ""), endByte: at };
    kept = [];
    keptBytes = 0;
    return line;
  };
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      let begin = 0;
      for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, begin)) {
        keep(chunk.subarray(begin, end));
        at += end + 1 - begin;
        begin = end + 1;
        yield take();
      }
      keep(chunk.subarray(begin));
      at += chunk.length - begin;
    }
    if (keptBytes > 0) yield take();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  } finally {
    stream.destroy();
  }
}

/** Where the line begins that holds or ends before `byte`; of one that is too long, a place amid it. */
export async function lineStart(path: string, byte: number): Promise<number> {
  const from = Math.max(0, byte - maxLineBytes);
  const file = await open(path, "r");
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(byte - from), 0, byte - from, from);
    return from + buffer.subarray(0, bytesRead).lastIndexOf(newline) + 1;
  } finally {
    await file.close();
  }
}
