// A planted bug, as data.

/** A one-place patch: `find` stands exactly once in `file`, and is replaced by `replace`. */
export interface Patch {
  /** Relative to the system's source directory, with `/`. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/**
 * `must` and `should` say how hard a suite has to try; a `control` looks like a bug and is none, so that whoever convicts it judges
 * wrongly.
 */
export type MutantKind = "must" | "should" | "control";

/** Whether processes on a real machine can show the bug at all, as reasoned from the code; how often, only runs can tell. */
export interface RealCluster {
  /** `rarely`: what has to coincide lies within one round trip or one fsync. `no`: only a disk that loses or tears writes can. */
  readonly shows: "yes" | "rarely" | "no" | "never";
  readonly why: string;
}

export interface Mutant {
  /** `M13`; of two bugs in one patch `M30+M31`; of a control `C1`. */
  readonly id: string;
  readonly kind: MutantKind;
  readonly title: string;
  /** What the bug is and how a client can come to see it; of a control, why it is none. */
  readonly story: string;
  /** What has to happen, in order, for it to show: events of the protocol and of the machine. */
  readonly schedule: string;
  /** Checkers whose verdict convicts it, as `Violation.checker` names them. */
  readonly checkers: readonly string[];
  /** Classes of violation that convict it: a verdict whose first violation is of another class explains it wrongly. */
  readonly classes: readonly string[];
  readonly realCluster: RealCluster;
  readonly patch: Patch;
}

/** A bug of the list that cannot be planted, because the store lacks what it would break. */
export interface MissingMutant {
  readonly id: string;
  readonly kind: Exclude<MutantKind, "control">;
  readonly title: string;
  /** What the store would have to have first. */
  readonly needs: string;
}

/** Raised when a patch does not fit the sources any more: the mutant would be no mutant. */
export class PatchError extends Error {
  override readonly name = "PatchError";
}

/** The patched text. Throws PatchError unless `find` stands there exactly once and the patch changes something. */
export function applyPatch(source: string, patch: Patch): string {
  const first = source.indexOf(patch.find);
  if (first === -1) throw new PatchError(`${patch.file} does not hold the text that the patch replaces`);
  if (source.indexOf(patch.find, first + 1) !== -1) {
    throw new PatchError(`${patch.file} holds the text that the patch replaces more than once`);
  }
  if (patch.find === patch.replace) throw new PatchError(`the patch of ${patch.file} changes nothing`);
  return source.slice(0, first) + patch.replace + source.slice(first + patch.find.length);
}
