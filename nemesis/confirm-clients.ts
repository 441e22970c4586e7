// Confirmation of faults of clients: told from what the load itself recorded of them.
import type { NodeName } from "../cluster/index.js";
import type { ClientCounts, ClientTrouble } from "./client-control.js";
import type { Watcher } from "./watcher.js";
import type { Sample } from "./observe.js";

const looksAt = (clients: readonly NodeName[]) => ({ processes: [], ready: [], links: false, attempts: [], clients });

const growth = (node: NodeName, name: keyof ClientCounts, before: Sample, sample: Sample): number =>
  (sample.clients?.get(node)?.[name] ?? 0) - (before.clients?.get(node)?.[name] ?? 0);

/** Of each node's clients at least one died in mid-request; or a copy was sent, and the system answered a request a further time. */
export function watchClientTrouble(trouble: ClientTrouble, nodes: readonly NodeName[], before: Sample): Watcher {
  return {
    looks: () => looksAt(nodes),
    see: (sample) => {
      const seen = nodes.map((node) => ({
        node,
        lost: growth(node, "lost", before, sample),
        copies: growth(node, "copies", before, sample),
        again: growth(node, "answeredAgain", before, sample),
      }));
      const died = trouble.how === "die";
      return {
        confirmed: seen.every(({ lost, copies, again }) => (died ? lost > 0 : copies > 0 && again > 0)),
        evidence: Object.fromEntries(
          seen.map(({ node, lost, copies, again }) => [
            node,
            died ? { operations_lost: lost } : { copies_sent: copies, answered_again: again },
          ]),
        ),
      };
    },
  };
}

/** Whoever took a dead client's place has been answered; no copy was sent over an interval in which something was called. */
export function watchClientsWell(
  trouble: ClientTrouble,
  nodes: readonly NodeName[],
  beforeHeal: Sample,
  observationMs: number,
): Watcher {
  let since = beforeHeal;
  return {
    looks: () => looksAt(nodes),
    see: (sample) => {
      if (trouble.how === "die") {
        const unanswered = nodes.map((node) => [node, sample.clients?.get(node)?.unanswered ?? null] as const);
        const evidence = { clients_not_answered_since: Object.fromEntries(unanswered) };
        return { confirmed: unanswered.every(([, clients]) => clients === 0), evidence };
      }
      // What was on its way to the socket when the fault was healed is no copy too many.
      if (nodes.some((node) => growth(node, "copies", since, sample) > 0)) since = sample;
      const called = nodes.map((node) => [node, growth(node, "called", since, sample)] as const);
      const forMs = sample.startedMs - since.endedMs;
      return {
        confirmed: forMs >= observationMs && called.every(([, operations]) => operations > 0),
        evidence: { without_a_copy_for_ms: Math.max(0, Math.round(forMs)), called: Object.fromEntries(called) },
      };
    },
  };
}
