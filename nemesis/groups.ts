// Which groups a fault disturbs, as far as that is known before its targets are: the lanes of a schedule.
import type { GroupLayout } from "../cluster/index.js";
import type { Fault } from "./fault.js";
import { customLinks } from "./shapes.js";

export function groupsDisturbed(fault: Fault, groups: readonly GroupLayout[]): ReadonlySet<number> | "all" {
  if (fault.kind === "partition" && fault.shape === "custom") {
    const ends = new Set(customLinks(fault.links).flatMap(({ from, to }) => [from, to]));
    const hit = groups.filter((group) => group.members.some((member) => ends.has(member)));
    return new Set(hit.map((group) => group.group));
  }
  if (fault.kind === "partition") {
    return fault.scope === "all" || fault.group === "random" ? "all" : new Set([fault.group]);
  }
  const { target } = fault;
  switch (target.by) {
    case "all":
    case "random":
      return "all";
    case "name": {
      const hit = groups.filter((group) => group.members.some((member) => target.nodes.includes(member)));
      return new Set(hit.map((group) => group.group));
    }
    case "leader":
    case "follower":
    case "followers":
    case "ring-neighbours":
    case "minority":
    case "majority":
      return target.group === "random" ? "all" : new Set([target.group]);
  }
}
