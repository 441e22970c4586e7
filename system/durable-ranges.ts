// Where on a stopped node's disk lie bytes that were durable: all batches of its write-ahead log but the last, which cannot be told from
// a torn tail when it is damaged.
import type { DiskFile, DiskRange } from "../cluster/index.js";
import { batchHeaderBytes, readBatch, segmentHeaderBytes } from "./runtime/wal-format.js";

/** `files`: of the data directory, paths relative to it. Without a readable `node.json` there are none. */
export function durableRanges(files: readonly DiskFile[]): readonly DiskRange[] {
  const record = files.find(({ path }) => path === "node.json");
  if (record === undefined) return [];
  const { salt } = JSON.parse(record.bytes.toString("utf8").split("\n")[0] ?? "{}") as { readonly salt: number };
  const segments = files
    .filter(({ path }) => /^wal\/\d{8}\.wal$/.test(path))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const ranges: DiskRange[] = [];
  for (const { path, bytes } of segments) {
    let at = segmentHeaderBytes;
    for (;;) {
      const batch = readBatch(bytes, at, salt);
      if (batch === null) break;
      ranges.push({ path, from: at, to: at + batchHeaderBytes + batch.payload.length });
      at = batch.end;
    }
  }
  return ranges.slice(0, -1);
}
