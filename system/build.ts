// Makes a build of the store out of a source tree: four bundles and a manifest. A build is what clusters run and simulations
// import; the shipped one comes from the sources beside this file, a mutant's from a patched copy of them. The content hash
// covers the sources and nothing of the machine.
import { createHash, randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import * as fs from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** A build as its manifest describes it; file names are relative to `directory`. */
export interface SystemBuild {
  readonly directory: string;
  readonly name: string;
  readonly version: string;
  /** Exports `createCore`. */
  readonly core: string;
  /** Entry of a node process. */
  readonly node: string;
  /** Exports `connect`, `ClientCore`, `groupOfKey`. */
  readonly client: string;
  /** Exports `deterministicSystem`: nodes and clients without input or output. */
  readonly simulation: string;
  /** Hexadecimal SHA-256 over the sources. */
  readonly hash: string;
}

export interface BuildOptions {
  /** The tree that holds `core/`, `runtime/` and `client/`; by default the package's own. */
  readonly sourceDirectory?: string;
  readonly outDirectory: string;
  readonly name?: string;
  readonly version?: string;
}

const manifestName = "manifest.json";
const entries = {
  core: "core/index.ts",
  node: "runtime/main.ts",
  client: "client/index.ts",
  simulation: "runtime/deterministic.ts",
} as const;
/** What goes into a build, and so into its hash. */
const sourceFolders = ["client", "core", "runtime"];

/** The package's root, whether this file runs from the sources or compiled below `dist`. */
export function packageRoot(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, "package.json"))) {
    const parent = dirname(directory);
    if (parent === directory) throw new Error("the package's root was not found");
    directory = parent;
  }
  return directory;
}

/** The store's sources in the package. */
export function shippedSources(): string {
  return join(packageRoot(), "system");
}

/** Bundles a source tree into a directory. Rejects with esbuild's messages, and changes nothing, when the sources are wrong. */
export async function buildSystem(options: BuildOptions): Promise<SystemBuild> {
  const source = resolve(options.sourceDirectory ?? shippedSources());
  const out = resolve(options.outDirectory);
  const hash = await hashSources(source);
  const bundles = await bundle(source);
  const name = options.name ?? "store";
  const version = options.version ?? (await packageVersion());
  const files = { core: "core.js", node: "node.js", client: "client.js", simulation: "simulation.js" } as const;
  const manifest = { name, version, ...files, hash };
  await fs.mkdir(out, { recursive: true });
  // The bundles are modules wherever the directory lies.
  await replaceFile(join(out, "package.json"), `{ "type": "module" }\n`);
  for (const [file, text] of bundles) await replaceFile(join(out, file), text);
  await replaceFile(join(out, manifestName), `${JSON.stringify(manifest, null, 2)}\n`);
  return { ...manifest, directory: out };
}

/** Reads a build's manifest. Rejects when the directory holds no whole build. */
export async function readBuild(directory: string): Promise<SystemBuild> {
  const path = join(directory, manifestName);
  const manifest = JSON.parse(await fs.readFile(path, "utf8")) as Omit<SystemBuild, "directory">;
  for (const field of ["name", "version", "core", "node", "client", "simulation", "hash"] as const)
    if (typeof manifest[field] !== "string") throw new Error(`${path}: "${field}" is missing`);
  return { ...manifest, directory: resolve(directory) };
}

/**
 * The build of the package's own sources, made anew when there is none yet or the sources have changed since. Tests and
 * commands may ask at the same time: each makes the same.
 */
export async function shippedBuild(): Promise<SystemBuild> {
  const outDirectory = join(packageRoot(), "dist", "build", "store");
  const hash = await hashSources(shippedSources());
  const existing = await readBuild(outDirectory).catch(() => null);
  return existing?.hash === hash ? existing : buildSystem({ outDirectory });
}

/** Over the sources' paths within the tree and their text, tests left out. */
export async function hashSources(sourceDirectory: string): Promise<string> {
  const files: string[] = [];
  for (const folder of sourceFolders) {
    for (const entry of await fs.readdir(join(sourceDirectory, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !entry.name.endsWith(".ts") || entry.name.endsWith(".test.ts")) continue;
      const path = relative(sourceDirectory, join(entry.parentPath, entry.name)).split(sep).join("/");
      if (!path.includes("/testing/")) files.push(path);
    }
  }
  const hash = createHash("sha256");
  for (const file of files.sort()) {
    const text = await fs.readFile(join(sourceDirectory, file), "utf8");
    hash.update(`${file}\n${Buffer.byteLength(text)}\n${text}`);
  }
  return hash.digest("hex");
}

/** Whole at every instant: processes may be starting from the directory, and several builders may be at it. */
async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  await fs.writeFile(temporary, text);
  await fs.rename(temporary, path);
}

/** File name → text. */
async function bundle(source: string): Promise<ReadonlyMap<string, string>> {
  // Loaded here only, since most users of this file just read a build.
  const esbuild = await import("esbuild");
  const result = await esbuild.build({
    // Paths in the bundles' comments are relative to the sources, so that the place of the tree leaves no trace.
    absWorkingDir: source,
    entryPoints: Object.entries(entries).map(([name, path]) => ({ in: join(source, path), out: name })),
    outdir: source,
    write: false,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    logLevel: "silent",
    sourcemap: false,
    // A patched copy of the sources lies in a temporary directory, from where packages are not found.
    alias: { "msgpackr/pack": msgpackrFile() },
    tsconfigRaw: { compilerOptions: { target: "ES2023", verbatimModuleSyntax: true } },
  });
  // A package's place relative to the sources says where the sources lie: only its name is kept.
  const anyPlace = /^(\s*\/\/ ).*\/node_modules\//gm;
  return new Map(
    result.outputFiles.map((file) => [basename(file.path), file.text.replace(anyPlace, "$1node_modules/")]),
  );
}

/** The plain JavaScript of the codec: the package's usual entry would look for a native addon. */
function msgpackrFile(): string {
  const main = createRequire(import.meta.url).resolve("msgpackr");
  return join(dirname(main), "..", "index.js");
}

async function packageVersion(): Promise<string> {
  const text = await fs.readFile(join(packageRoot(), "package.json"), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}
