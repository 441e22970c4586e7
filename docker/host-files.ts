// A root file system made of this machine's own programs, for images where no registry can be reached: a program and the
// shared libraries that the loader would give it, at the paths where the loader looks.
import { execFile } from "node:child_process";
import { access, constants, readFile, realpath, stat } from "node:fs/promises";
import { basename, delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { ClusterError } from "../cluster/index.js";
import { modeOf, type ArchiveEntry } from "./archive.js";

const run = promisify(execFile);

/** Nobody in particular, and not root. */
export const containerUser = 65_532;
export const dataDirectory = "/data";

/** A program on PATH or in the system's own folders, which a user's PATH may leave out. */
export async function findProgram(name: string): Promise<string | null> {
  const folders = [
    ...(process.env["PATH"] ?? "").split(delimiter),
    "/usr/local/bin",
    "/usr/bin",
    "/bin",
    "/usr/sbin",
    "/sbin",
  ];
  for (const folder of folders) {
    if (folder === "") continue;
    const path = join(folder, name);
    const usable = await access(path, constants.X_OK).then(
      () => stat(path).then((facts) => facts.isFile()),
      () => false,
    );
    if (usable) return path;
  }
  return null;
}

/** The paths in `ldd`'s answer. A missing library is an error here: the container would fail with less to go by. */
export function parseLdd(text: string, program: string): readonly string[] {
  const paths: string[] = [];
  for (const line of text.split("\n")) {
    const missing = /^\s*(\S+) => not found/.exec(line)?.[1];
    if (missing !== undefined) throw new ClusterError(`${program} needs ${missing}, which this machine lacks`);
    const path = /(?:=>\s+|^\s*)(\/\S+) \(0x[0-9a-f]+\)/.exec(line)?.[1];
    if (path !== undefined) paths.push(path);
  }
  return paths;
}

async function librariesOf(program: string): Promise<readonly string[]> {
  const text = await run("ldd", [program], { timeout: 10_000 }).then(
    ({ stdout }) => stdout,
    (error: { stdout?: string; stderr?: string; code?: unknown }) => {
      // A static program has no libraries; ldd says so and fails.
      if (/not a dynamic executable|statically linked|not a valid dynamic/i.test(`${error.stdout}${error.stderr}`))
        return "";
      throw new ClusterError(
        `the libraries of ${program} cannot be listed by ldd: ${error.stderr ?? String(error.code)}`,
      );
    },
  );
  const libraries = parseLdd(text, program);
  // The C library loads its name services by name at run time, so ldd does not show them. Since glibc 2.34 they are built in.
  const libc = libraries.find((path) => basename(path) === "libc.so.6");
  const services = libc === undefined ? [] : ["libnss_files.so.2", "libnss_dns.so.2", "libresolv.so.2"];
  const found = await Promise.all(
    services
      .map((name) => join(dirname(libc ?? ""), name))
      .map((path) =>
        access(path).then(
          () => [path],
          () => [],
        ),
      ),
  );
  return [...libraries, ...found.flat()];
}

export interface HostProgram {
  /** On this machine. */
  readonly path: string;
  /** In the image. */
  readonly target: string;
}

/** Programs of this machine with their libraries, and the few files that a name lookup and a user need. */
export async function hostRoot(programs: readonly HostProgram[]): Promise<readonly ArchiveEntry[]> {
  const files = new Map<string, string>();
  for (const { path, target } of programs) {
    const real = await realpath(path);
    files.set(target, real);
    for (const library of await librariesOf(real)) files.set(library, library);
  }
  const contents = await Promise.all(
    [...files]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(async ([target, source]) => ({
        path: target.slice(1),
        content: await readFile(source),
        mode: modeOf((await stat(source)).mode),
      })),
  );
  return [...skeleton(), ...contents];
}

function skeleton(): readonly ArchiveEntry[] {
  const owner = { uid: containerUser, gid: containerUser };
  const text = (path: string, content: string) => ({ path, content: Buffer.from(content), mode: 0o644 });
  return [
    { path: "tmp", content: null, mode: 0o1777 },
    { path: dataDirectory.slice(1), content: null, mode: 0o755, ...owner },
    text("etc/passwd", `root:x:0:0::/:/sbin/nologin\nminos:x:${containerUser}:${containerUser}::/data:/sbin/nologin\n`),
    text("etc/group", `root:x:0:\nminos:x:${containerUser}:\n`),
    text("etc/nsswitch.conf", "hosts: files dns\n"),
  ];
}
