// Counts of what happened in a node since its start, for metrics.
export type CounterName =
  | "appended"
  | "applied"
  | "answered_from_session"
  | "takeovers"
  | "leaderships"
  | "stepped_down"
  | "gaps"
  | "accept_syncs"
  | "suspicions"
  | "restores"
  | "forwarded"
  | "refused"
  | "check_ins_refused"
  | "tables_refused";

export class Counters {
  readonly #counts: Record<CounterName, number> = {
    appended: 0,
    applied: 0,
    answered_from_session: 0,
    takeovers: 0,
    leaderships: 0,
    stepped_down: 0,
    gaps: 0,
    accept_syncs: 0,
    suspicions: 0,
    restores: 0,
    forwarded: 0,
    refused: 0,
    check_ins_refused: 0,
    tables_refused: 0,
  };

  count(name: CounterName): void {
    this.#counts[name] += 1;
  }

  all(): Readonly<Record<string, number>> {
    return { ...this.#counts };
  }
}
