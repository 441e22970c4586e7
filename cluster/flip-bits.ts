// Damage to what a stopped node has on its disk: bits of durable bytes turned over, or a file cut amid them, drawn by a seed. Pure; clusters do the I/O.
import { createRandom } from "../history/index.js";
import type { ClusterEvent } from "./cluster.js";
import type { NodeName } from "./names.js";
import type { DiskFile, DiskRange } from "./system.js";

export interface DamagedFile {
  /** Below the data directory, with "/". */
  readonly path: string;
  /** The whole file as it was, and as it is to be. */
  readonly before: Buffer;
  readonly after: Buffer;
}

function drawRange(files: readonly DiskFile[], ranges: readonly DiskRange[], stream: string) {
  const random = createRandom(ranges.length, stream);
  const range = ranges[ranges.length === 0 ? 0 : random.integer(0, ranges.length - 1)];
  if (range === undefined) throw new Error("nothing on the disk was durable before its last batch");
  const file = files.find(({ path }) => path === range.path);
  if (file === undefined || range.from < 0 || range.from >= range.to || range.to > file.bytes.length)
    throw new Error(`${range.path} has no bytes from ${range.from} to ${range.to}`);
  return { random, range, file };
}

/** Cuts a file amid one of the ranges, drawn by the stream's name: what stood behind is gone. Throws when nothing is durable yet. */
export function cutFile(files: readonly DiskFile[], ranges: readonly DiskRange[], stream: string): DamagedFile {
  const { random, range, file } = drawRange(files, ranges, stream);
  const after = file.bytes.subarray(0, random.integer(range.from, range.to - 1));
  return { path: file.path, before: file.bytes, after };
}

/** Turns over up to `bits` different bits of one of the ranges, drawn by the stream's name. Throws when nothing is durable yet. */
export function flipBits(
  files: readonly DiskFile[],
  ranges: readonly DiskRange[],
  bits: number,
  stream: string,
): DamagedFile {
  const { random, range, file } = drawRange(files, ranges, stream);
  const length = (range.to - range.from) * 8;
  const chosen = new Set<number>();
  while (chosen.size < Math.min(bits, length)) chosen.add(random.integer(0, length - 1));
  const after = Buffer.from(file.bytes);
  for (const bit of chosen) {
    const at = range.from + Math.floor(bit / 8);
    after.writeUInt8(after.readUInt8(at) ^ (1 << (bit % 8)), at);
  }
  return { path: file.path, before: file.bytes, after };
}

/** Why no cluster sets a disk back: no system says that it could bear it. */
export const noRollBack = (system: string): string =>
  `${system} does not say that it survives a disk that forgets what was durable, which a node alone cannot notice`;

/** A node that refuses to start on a damaged disk does what it should: its exit is no crash, nor is what it says of it. */
export function tellOfDamaged(event: ClusterEvent, damaged: ReadonlySet<NodeName>): ClusterEvent {
  if (event.type === "panic" && damaged.has(event.node))
    return { type: "notice", detail: `${event.node} on its damaged disk: ${event.line}` };
  if (event.type !== "exited" || !damaged.has(event.node) || event.code === null || event.code === 0) return event;
  return { ...event, expected: true };
}
