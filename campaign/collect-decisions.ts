// Fetches what each node's log has decided, for the check that replicas agree, and keeps it.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { NodeDecisions } from "../checker/index.js";
import type { Address, Cluster, Decision, GroupLayout, SystemUnderTest } from "../cluster/index.js";
import { writeText, type RunDirectory } from "./store.js";

const pageTimeoutMs = 5000;
/** A node that never comes to an end is cut off. */
const maxPages = 10_000;

/** A node that does not answer is told of and left out: its log then takes no part in the comparison. */
export async function collectDecisions(
  system: SystemUnderTest,
  cluster: Cluster,
  groups: readonly GroupLayout[],
  note: (text: string) => void,
): Promise<readonly NodeDecisions[]> {
  const collected: NodeDecisions[] = [];
  if (system.decisions === undefined) return collected;
  for (const { group, members } of groups) {
    for (const node of members) {
      try {
        collected.push({ node, group, decisions: await allDecisions(system, cluster.adminAddress(node), group) });
      } catch (error) {
        note(`${node} did not give its decided log: ${String(error)}`);
      }
    }
  }
  return collected;
}

/** A node gives its decided log in pages; an empty one is the end. */
async function allDecisions(system: SystemUnderTest, admin: Address, group: number): Promise<readonly Decision[]> {
  const decisions: Decision[] = [];
  for (let page = 0; page < maxPages; page++) {
    const signal = AbortSignal.timeout(pageTimeoutMs);
    const more = (await system.decisions?.(admin, group, decisions.length, signal)) ?? [];
    if (more.length === 0) return decisions;
    decisions.push(...more);
  }
  // Half a log must not pass for a whole one: what it lacks would look lost.
  throw new Error(`it has more than ${decisions.length} decisions`);
}

/** Keeps them in `nodes/<n>/decisions.jsonl`, a line a decision. */
export function writeDecisions(directory: RunDirectory, collected: readonly NodeDecisions[]): void {
  for (const { node, decisions } of collected) {
    mkdirSync(join(directory.path, "nodes", node), { recursive: true });
    const lines = decisions.map((decision) => `${JSON.stringify(decision)}\n`);
    writeText(join(directory.path, "nodes", node, "decisions.jsonl"), lines.join(""));
  }
}
