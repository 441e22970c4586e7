// Damage to the files of a stopped node, written through to the disk and read back.
import { open, readdir, readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { ClusterError, type DamagedFile, type DiskFile } from "../cluster/index.js";

/** All files below a directory. */
export async function readFiles(directory: string): Promise<readonly DiskFile[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(
    paths.map(async (path) => ({
      path: relative(directory, path).split(sep).join("/"),
      bytes: await readFile(path),
    })),
  );
}

/** Rejects when the bytes read back are not the ones to be written, or the file was not another one before. */
export async function writeDamage(directory: string, { path, before, after }: DamagedFile): Promise<void> {
  const target = join(directory, path);
  const file = await open(target, "r+");
  try {
    await file.write(after, 0, after.length, 0);
    await file.truncate(after.length);
    await file.sync();
  } finally {
    await file.close();
  }
  const read = await readFile(target);
  if (read.equals(before) || !read.equals(after)) throw new ClusterError(`${path} could not be damaged`);
}
