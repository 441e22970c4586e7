// Which runs are under way for this user on this machine, on disk, so that whatever an owner killed with -9 leaves behind can be
// found: a file for each run with its owner and every process it started, and a file for each block of ports it holds.
//
//   <tmp>/minos-<uid>/runs/<token>.json     RunRecord
//   <tmp>/minos-<uid>/ports/<first port>    Owner
import { randomBytes } from "node:crypto";
import {
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ClusterError, currentOwner, formatOwner, ownerLives, parseOwner, type Owner } from "../cluster/index.js";
import { findByEnvironment, readProcessSync } from "./proc.js";

/** Every process of a run carries the run's token in its environment: found even when it was started but not yet recorded. */
export const tokenVariable = "MINOS_RUN_TOKEN";
/** For people who look at a process and wonder. */
export const runIdVariable = "MINOS_RUN_ID";

export interface ChildRecord {
  readonly what: string;
  readonly pid: number;
  readonly startTime: string;
}

export interface RunRecord {
  readonly version: 1;
  readonly runId: string;
  readonly token: string;
  readonly owner: Owner;
  /** The run's directory; its `owner.json` is a copy of this record. */
  readonly directory: string;
  readonly children: readonly ChildRecord[];
}

/** `<tmp>/minos-<uid>`, checked to be ours alone: others may write in the folder for temporary files. */
export function registryDirectory(): string {
  const uid = process.getuid?.() ?? 0;
  const directory = join(tmpdir(), `minos-${uid}`);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const facts = lstatSync(directory);
  if (!facts.isDirectory() || facts.uid !== uid || (facts.mode & 0o022) !== 0)
    throw new ClusterError(
      `${directory} is not a private directory of this user`,
      "remove it, or set TMPDIR to a directory of your own",
    );
  return directory;
}

function subdirectory(name: "runs" | "ports"): string {
  const directory = join(registryDirectory(), name);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return directory;
}

/** A file appears whole or not at all: a reader may come at any time. */
function writeWhole(path: string, text: string): void {
  const draft = `${path}.${process.pid}.new`;
  writeFileSync(draft, text, { mode: 0o600 });
  renameSync(draft, path);
}

/** The record of one run of this process. Every change is on disk when the method returns. */
export class RunRegistration {
  readonly token = randomBytes(12).toString("hex");
  readonly #owner = currentOwner();
  readonly #children = new Map<number, ChildRecord>();
  readonly #paths: readonly string[];

  constructor(
    readonly runId: string,
    readonly directory: string,
  ) {
    this.#paths = [join(subdirectory("runs"), `${this.token}.json`), join(directory, "owner.json")];
    this.#write();
  }

  /** What every child carries in its environment. */
  get mark(): Readonly<Record<string, string>> {
    return { [tokenVariable]: this.token, [runIdVariable]: this.runId };
  }

  add(what: string, pid: number): ChildRecord {
    const startTime = readProcessSync(pid)?.startTime;
    if (startTime === undefined) throw new ClusterError(`${what} (pid ${pid}) was gone before it could be recorded`);
    const child = { what, pid, startTime };
    this.#children.set(pid, child);
    this.#write();
    return child;
  }

  remove(pid: number): void {
    if (this.#children.delete(pid)) this.#write();
  }

  /** Recorded children that still live, and anything else that carries the token. */
  survivors(): readonly ChildRecord[] {
    return survivorsOf(this.#record());
  }

  close(): void {
    for (const path of this.#paths) rmSync(path, { force: true });
  }

  #record(): RunRecord {
    const { runId, token, directory } = this;
    return { version: 1, runId, token, owner: this.#owner, directory, children: [...this.#children.values()] };
  }

  #write(): void {
    const text = `${JSON.stringify(this.#record(), null, 2)}\n`;
    for (const path of this.#paths) writeWhole(path, text);
  }
}

/** Processes of a run that live now. */
export function survivorsOf(record: RunRecord): readonly ChildRecord[] {
  const known = record.children.filter((child) => lives(child));
  const unrecorded = findByEnvironment(tokenVariable, record.token)
    .filter((pid) => pid !== process.pid && !known.some((child) => child.pid === pid))
    .flatMap((pid) => {
      const facts = readProcessSync(pid);
      return facts === null || facts.state === "exited"
        ? []
        : [{ what: "unrecorded process", pid, startTime: facts.startTime }];
    });
  return [...known, ...unrecorded];
}

export function lives(child: ChildRecord): boolean {
  const facts = readProcessSync(child.pid);
  return facts !== null && facts.state !== "exited" && facts.startTime === child.startTime;
}

export interface StoredRun {
  readonly path: string;
  /** Null when the file is not a record. */
  readonly record: RunRecord | null;
}

export function storedRuns(): readonly StoredRun[] {
  const directory = subdirectory("runs");
  return readdirSync(directory)
    .filter((name) => name.endsWith(".json"))
    .map((name) => join(directory, name))
    .flatMap((path) => {
      const text = readIfThere(path);
      return text === null ? [] : [{ path, record: parseRecord(text) }];
    });
}

export function readOwnerFile(path: string): RunRecord | null {
  return parseRecord(readIfThere(path) ?? "");
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

function parseRecord(text: string): RunRecord | null {
  try {
    const value = JSON.parse(text) as Partial<RunRecord> | null;
    const owner = parseOwner(JSON.stringify(value?.owner ?? null));
    if (value?.version !== 1 || owner === null || !Array.isArray(value.children)) return null;
    const { runId, token, directory } = value;
    if (typeof runId !== "string" || typeof directory !== "string") return null;
    if (typeof token !== "string" || !/^[0-9a-f]{24}$/.test(token)) return null;
    return { version: 1, runId, token, owner, directory, children: value.children.filter(isChild) };
  } catch {
    return null;
  }
}

function isChild(value: unknown): value is ChildRecord {
  if (typeof value !== "object" || value === null) return false;
  const { what, pid, startTime } = value as Record<string, unknown>;
  return typeof what === "string" && Number.isSafeInteger(pid) && Number(pid) > 1 && typeof startTime === "string";
}

/**
 * Takes a block of ports for this process if nobody who lives holds it. Blocks are named by their first port; the claim is a
 * link that must not exist yet, so of two processes exactly one gets it.
 */
export function claimPortBlock(firstPort: number): boolean {
  const path = join(subdirectory("ports"), String(firstPort));
  const draft = `${path}.new-${process.pid}-${randomBytes(4).toString("hex")}`;
  writeFileSync(draft, formatOwner(currentOwner()), { mode: 0o600 });
  try {
    return linkExclusively(draft, path) || (removeDeadClaim(path) && linkExclusively(draft, path));
  } finally {
    unlinkSync(draft);
  }
}

/** A link appears with its content and only if nothing has its name; creating and then writing a file can be seen half done. */
function linkExclusively(draft: string, path: string): boolean {
  try {
    linkSync(draft, path);
    return true;
  } catch {
    return false;
  }
}

export function releasePortBlock(firstPort: number): void {
  rmSync(join(subdirectory("ports"), String(firstPort)), { force: true });
}

/** Removes the claims of dead owners; tells how many. */
export function removeDeadClaims(): number {
  const directory = subdirectory("ports");
  return readdirSync(directory).filter((name) => /^\d+$/.test(name) && removeDeadClaim(join(directory, name))).length;
}

/**
 * Of several who find the same dead claim only one may remove it, else the second would remove the first one's new claim: whoever
 * wins the rename to a name of its own has it.
 */
function removeDeadClaim(path: string): boolean {
  const owner = parseOwner(readIfThere(path) ?? "");
  if (owner === null || ownerLives(owner)) return false;
  const grave = `${path}.dead-${process.pid}-${randomBytes(4).toString("hex")}`;
  try {
    renameSync(path, grave);
  } catch {
    return false;
  }
  const buried = parseOwner(readIfThere(grave) ?? "");
  if (buried !== null && ownerLives(buried)) {
    // Between our look and our rename another process had taken the block over. Give it back.
    renameSync(grave, path);
    return false;
  }
  unlinkSync(grave);
  return true;
}
