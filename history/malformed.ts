// The one error that says a history cannot be read or makes no sense as one. It names the place.

/** Where in the text or in the event list the trouble is; what is not known is null. */
export interface HistoryPlace {
  /** From 1. */
  readonly line: number | null;
  /** From 1, in UTF-16 code units. */
  readonly column: number | null;
  /** Position in the event list, from 0. */
  readonly event: number | null;
}

/**
 * A history that cannot be judged: a line that does not parse, a return without a call, times that run backwards, …
 * Readers return it, `operationsOf` throws it. The message says what was expected and what was there.
 */
export class MalformedHistory extends Error implements HistoryPlace {
  readonly kind = "malformed";
  readonly line: number | null;
  readonly column: number | null;
  readonly event: number | null;
  constructor(
    readonly problem: string,
    place: Partial<HistoryPlace> = {},
  ) {
    super(`${describePlace(place)}${problem}`);
    this.name = "MalformedHistory";
    this.line = place.line ?? null;
    this.column = place.column ?? null;
    this.event = place.event ?? null;
  }
}

function describePlace(place: Partial<HistoryPlace>): string {
  const parts: string[] = [];
  if (place.line !== null && place.line !== undefined) parts.push(`line ${place.line}`);
  if (place.column !== null && place.column !== undefined) parts.push(`column ${place.column}`);

  return parts.length === 0 ? "" : `${parts.join(", ")}: `;
}
