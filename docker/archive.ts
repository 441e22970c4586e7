// Tar archives: what the engine takes as an image or as files for a container, and gives back as files of a container.
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, stat, writeFile } from "node:fs/promises";
import { dirname, join, posix, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Readable } from "node:stream";
import { extract, pack } from "tar-stream";
import { ClusterError } from "../cluster/index.js";

export interface ArchiveEntry {
  /** Relative, with "/". */
  readonly path: string;
  /** Null: a directory. */
  readonly content: Buffer | null;
  readonly mode: number;
  readonly uid?: number;
  readonly gid?: number;
}

/** A program is read into memory whole; more than this is no program of a node. */
const maxProgramBytes = 512 * 1024 * 1024;
const maxProgramFiles = 20_000;
const maxCollectedBytes = 1024 * 1024 * 1024;

/** Times are the epoch: equal entries make equal archives. */
export async function packArchive(entries: readonly ArchiveEntry[]): Promise<Buffer> {
  const archive = pack();
  const chunks: Buffer[] = [];
  archive.on("data", (chunk) => chunks.push(chunk as Buffer));
  const ended = new Promise<void>((resolve, reject) => {
    archive.on("end", () => resolve());
    archive.on("error", reject);
  });
  for (const { path, content, mode, uid = 0, gid = 0 } of entries) {
    const header = { name: path, mode, uid, gid, mtime: new Date(0) };
    if (content === null) archive.entry({ ...header, type: "directory" });
    else archive.entry({ ...header, type: "file" }, content);
  }
  archive.finalize();
  await ended;
  return Buffer.concat(chunks);
}

/** All files below a directory, sorted by path, links followed; under `prefix` in the archive. */
export async function readTree(directory: string, prefix: string): Promise<readonly ArchiveEntry[]> {
  const entries: ArchiveEntry[] = [];
  let bytes = 0;
  const visit = async (relative: string): Promise<void> => {
    const names = await readdir(join(directory, relative));
    for (const name of names.sort()) {
      const path = join(relative, name);
      const facts = await stat(join(directory, path));
      const inArchive = posix.join(prefix, path.split(sep).join("/"));
      bytes += facts.size;
      if (bytes > maxProgramBytes || entries.length >= maxProgramFiles)
        throw new ClusterError(
          `the program in ${directory} is larger than ${maxProgramBytes / 1024 / 1024} MB or ${maxProgramFiles} files`,
        );
      if (facts.isDirectory()) {
        entries.push({ path: inArchive, content: null, mode: 0o755 });
        await visit(path);
      } else if (facts.isFile()) {
        entries.push({ path: inArchive, content: await readFile(join(directory, path)), mode: modeOf(facts.mode) });
      }
    }
  };
  await visit("");
  return entries;
}

/** Readable by everyone, as the node's user is not the files' owner; the bits that say "program" stay. */
export function modeOf(mode: number): number {
  return (mode & 0o111) === 0 ? 0o644 : 0o755;
}

/** Equal for equal paths, modes and contents. */
export function hashEntries(entries: readonly ArchiveEntry[], salt: string): string {
  const hash = createHash("sha256").update(salt);
  for (const { path, content, mode } of entries) {
    hash.update(`\0${path}\0${mode.toString(8)}\0${content === null ? "directory" : content.length}\0`);
    if (content !== null) hash.update(content);
  }
  return hash.digest("hex");
}

export interface FileEntry extends ArchiveEntry {
  readonly content: Buffer;
  readonly uid: number;
  readonly gid: number;
}

/** The regular files of an archive that comes out of a container, with their owners; links and devices are passed over. */
export async function readArchive(archive: Readable): Promise<readonly FileEntry[]> {
  const files: FileEntry[] = [];
  let bytes = 0;
  const reader = extract();
  const reading = (async () => {
    for await (const entry of reader) {
      const { name, type, size, mode, uid, gid } = entry.header;
      if (type !== "file") {
        entry.resume();
        continue;
      }
      bytes += size;
      if (bytes > maxCollectedBytes) throw new Error(`more than ${maxCollectedBytes} bytes to read`);
      const chunks: Buffer[] = [];
      for await (const chunk of entry) chunks.push(chunk as Buffer);
      files.push({ path: posix.normalize(name), content: Buffer.concat(chunks), mode, uid, gid });
    }
  })();
  await Promise.all([pipeline(archive, reader), reading]);
  return files;
}

/**
 * Writes the regular files of an archive below `directory`. An archive comes out of a container and may say anything:
 * names that lead outside are refused, links and devices passed over.
 * @returns the paths written, relative to `directory`
 */
export async function unpackArchive(archive: Readable, directory: string): Promise<readonly string[]> {
  const written: string[] = [];
  let bytes = 0;
  const reader = extract();
  const reading = (async () => {
    for await (const entry of reader) {
      const { name, type } = entry.header;
      const path = posix.normalize(name);
      if (type !== "file" || posix.isAbsolute(path) || path === ".." || path.startsWith("../")) {
        entry.resume();
        continue;
      }
      bytes += entry.header.size ?? 0;
      if (bytes > maxCollectedBytes) throw new Error(`more than ${maxCollectedBytes} bytes to collect`);
      const chunks: Buffer[] = [];
      for await (const chunk of entry) chunks.push(chunk as Buffer);
      const target = join(directory, path);
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, Buffer.concat(chunks));
      written.push(path);
    }
  })();
  await Promise.all([pipeline(archive, reader), reading]);
  return written;
}
