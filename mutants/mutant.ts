// A planted bug, as data.

/** A one-place patch: `find` stands exactly once in `file`, and is replaced by `replace`. */
export interface Patch {
  /** Relative to the system's source directory, with `/`. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export interface Mutant {
  /** `M13`, as in docs/mutants.md. */
  readonly id: string;
  readonly title: string;
  /** What the bug is and how a client can come to see it. */
  readonly story: string;
  /** Classes of violation that convict it: a verdict whose first violation is of another class explains it wrongly. */
  readonly classes: readonly string[];
  readonly patch: Patch;
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
