// Byte counts of the built-in server, which counts them itself.
import type { CounterSource, MeshView } from "./counter-source.js";
import type { CountersReport, ProxyCounters } from "./server/counters.js";
import type { Link, LinkCounters } from "./types.js";

const readTimeoutMs = 3000;

/** Reads `GET /minos/counters` of the built-in server at `api`. Exact. */
export function builtinCounters(api: string): CounterSource {
  const url = `${api.replace(/\/+$/, "")}/minos/counters`;
  return {
    kind: "builtin",
    sampleEveryMs: null,
    async sample<Node extends string>(view: MeshView<Node>): Promise<readonly LinkCounters<Node>[]> {
      const response = await fetch(url, { signal: AbortSignal.timeout(readTimeoutMs) });
      if (!response.ok) throw new Error(`${url} answered ${response.status}: the server has no counters`);
      return linkCounters(view, (await response.json()) as CountersReport);
    },
  };
}

const nothing: ProxyCounters = {
  upstream: { offeredBytes: 0, deliveredBytes: 0 },
  downstream: { offeredBytes: 0, deliveredBytes: 0 },
  openConnections: 0,
  acceptedConnections: 0,
};

/** A link's bytes: upstream on its own proxy, and the answers on the proxy of the other way. */
function linkCounters<Node extends string>(
  view: MeshView<Node>,
  report: CountersReport,
): readonly LinkCounters<Node>[] {
  const byLink = new Map<string, ProxyCounters>();
  for (const { name, role } of view.links)
    if (role.kind === "link") byLink.set(`${role.from}>${role.to}`, report.proxies[name] ?? nothing);
  return view.links.flatMap(({ role }) => {
    if (role.kind !== "link") return [];
    const link: Link<Node> = { from: role.from, to: role.to };
    const own = byLink.get(`${link.from}>${link.to}`) ?? nothing;
    const other = byLink.get(`${link.to}>${link.from}`) ?? nothing;
    return [
      {
        link,
        offeredBytes: own.upstream.offeredBytes + other.downstream.offeredBytes,
        deliveredBytes: own.upstream.deliveredBytes + other.downstream.deliveredBytes,
        openConnections: own.openConnections,
        acceptedConnections: own.acceptedConnections,
        // It counts a connection until both sides are gone.
        heldConnections: own.openConnections,
        refusedConnections: null,
        certainty: "exact" as const,
      },
    ];
  });
}
