// Confirmation of lost packets: told from the kernel's own counters of the rules that drop them, and from what the links deliver.
import { linkName, type DirectedLink } from "../cluster/index.js";
import type { Sample } from "./observe.js";
import { looksAtNothing, sightOfAll, type Watcher } from "./watcher.js";

/** Of each link's packets some were dropped, and some were not where not all are to be. */
export function watchPacketsLost(links: readonly DirectedLink[], percent: number): Watcher {
  return {
    looks: () => ({ ...looksAtNothing, packets: true }),
    see: (sample) =>
      sightOfAll(
        links.map((link) => {
          const { offeredPackets = 0, droppedPackets = 0 } = sample.packets?.get(linkName(link)) ?? {};
          const passed = offeredPackets - droppedPackets;
          const confirmed = droppedPackets > 0 && (percent >= 100 || passed > 0);
          return [
            linkName(link),
            { confirmed, evidence: { dropped_packets: droppedPackets, of_packets: offeredPackets } },
          ];
        }),
      ),
  };
}

/** No rule of these links is left, and each delivers bytes. */
export function watchPacketsPass(links: readonly DirectedLink[], beforeHeal: Sample): Watcher {
  return {
    looks: () => ({ ...looksAtNothing, packets: true, links: true }),
    see: (sample) =>
      sightOfAll(
        links.map((link) => {
          const name = linkName(link);
          const ruled = sample.packets === undefined ? null : sample.packets.has(name);
          const [was, is] = [beforeHeal.links.get(name), sample.links.get(name)];
          const delivered = was === undefined || is === undefined ? 0 : is.deliveredBytes - was.deliveredBytes;
          return [
            name,
            { confirmed: ruled === false && delivered > 0, evidence: { rule_left: ruled, delivered_bytes: delivered } },
          ];
        }),
      ),
  };
}
