// What a failing test is told of the run behind it: where its report lies, its seed, and the line that does it again.
import type { TaskMeta } from "vitest";

/** Also in the test's `meta.minos`, for reporters. */
export interface RunAttachment {
  readonly seed: number;
  /** Null: the run ended before there was one. */
  readonly report: string | null;
  /** A command to be given where the tests are run. */
  readonly again: string;
}

declare module "vitest" {
  interface TaskMeta {
    minos?: RunAttachment;
  }
}

/** Three lines for the end of a message. */
export function attachmentLines({ seed, report, again }: RunAttachment): readonly string[] {
  return [`seed     ${seed}`, `report   ${report ?? "none was written"}`, `again    ${again}`];
}

interface AttachableTask {
  readonly meta: TaskMeta;
  readonly result?: { readonly errors?: { message: string; stack?: string }[] | undefined } | undefined;
}

/** Adds it to the errors of a test that has failed. */
export function attachToFailure(task: AttachableTask, attachment: RunAttachment): void {
  task.meta.minos = attachment;
  const [error] = task.result?.errors ?? [];
  if (error === undefined) return;
  error.message = [error.message, "", ...attachmentLines(attachment)].join("\n");
}

/** As a shell takes it. */
export function quoted(word: string): string {
  return /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The same for `vitest -t`, which takes a pattern. */
export function quotedPattern(name: string): string {
  return quoted(name.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
}
