// What damage to a disk must show on every real cluster, with the store as shipped: it is confirmed on and off, the others serve while it
// lasts, the damaged node refuses for good and says why, and is named as refused; nothing of that is taken for a crash.
import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import {
  nodeNames,
  type Cluster,
  type ClusterEvent,
  type ClusterOptions,
  type NodeName,
  type SystemUnderTest,
  type WriteProbe,
} from "../../cluster/index.js";
import { createRandom, type JsonValue } from "../../history/index.js";
import {
  createNemesis,
  type Fault,
  type FaultRecord,
  type HealReport,
  type NemesisLimits,
} from "../../nemesis/index.js";

const nodes = nodeNames(5);
/** A cluster of three, where one may be harmed. */
const three = nodeNames(3);

export interface DamagedCluster {
  readonly events: readonly ClusterEvent[];
  /** Carries faults out and heals; `whileOn` runs when each is confirmed. */
  damage(
    faults: readonly Fault[],
    options?: {
      readonly limits?: Partial<NemesisLimits>;
      readonly whileOn?: (fault: number) => Promise<void>;
    },
  ): Promise<{ readonly records: readonly FaultRecord[]; readonly healed: HealReport }>;
  /** Through the first node, again and again until it is answered. */
  put(key: string, value: JsonValue): Promise<void>;
  get(key: string): Promise<JsonValue>;
  isReady(node: NodeName): Promise<boolean>;
  log(node: NodeName): Promise<string>;
  /** Tries a disk, where the cluster can. */
  probeWrites(node: NodeName, bytes: number): Promise<WriteProbe>;
}

/** A cluster of one group, whose logs hold some batches. */
export async function withStore(
  create: (options: ClusterOptions) => Cluster,
  system: SystemUnderTest,
  act: (damaged: DamagedCluster) => Promise<void>,
  nodes: readonly NodeName[] = nodeNames(5),
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "minos-disk-"));
  const runId = `disk-${randomUUID().slice(0, 8)}`;
  const cluster = create({ system, nodes, replication: nodes.length, runId, directory });
  const events: ClusterEvent[] = [];
  cluster.onEvent((event) => void events.push(event));
  try {
    await cluster.boot(AbortSignal.timeout(60_000));
    const damaged = over(cluster, system, events, directory);
    for (let index = 0; index < 20; index += 1) await damaged.put(`k${index % 4}`, index);
    // A node that came late has all of that in one batch, which nobody may damage: each must have written several.
    for (let round = 0; round < 3; round += 1) {
      await damaged.put("k0", `round ${round}`);
      await allDecided(cluster);
    }
    await act(damaged);
  } finally {
    const { leftBehind } = await cluster.teardown();
    await rm(directory, { recursive: true, force: true });
    expect(leftBehind).toEqual([]);
  }
}

/** Until every node has decided what the foremost has. */
async function allDecided(cluster: Cluster): Promise<void> {
  const indices = async (): Promise<ReadonlySet<number>> => {
    const statuses = await Promise.all(cluster.nodes.map((node) => cluster.status(node, AbortSignal.timeout(5_000))));
    return new Set(statuses.map(({ groups }) => groups[0]?.decidedIndex ?? 0));
  };
  await expect.poll(async () => (await indices()).size, { timeout: 20_000 }).toBe(1);
}

function over(
  cluster: Cluster,
  system: SystemUnderTest,
  events: readonly ClusterEvent[],
  directory: string,
): DamagedCluster {
  const { nodes } = cluster;
  const [reader = expect.fail("no node")] = nodes;
  const ask = async (name: "get" | "put", key: string, input: JsonValue): Promise<JsonValue> => {
    let output: JsonValue = null;
    await expect
      .poll(
        async () => {
          const client = await system.connect(cluster.clientAddress(reader), new AbortController().signal);
          const stamps = { called: () => undefined, returned: () => undefined };
          const reply = await client.invoke({ function: name, key, input, timeoutMs: 2_000 }, stamps);
          client.close();
          output = reply.output;
          return reply.outcome;
        },
        { timeout: 20_000 },
      )
      .toBe("ok");
    return output;
  };
  return {
    events,
    put: async (key, value) => void (await ask("put", key, value)),
    get: (key) => ask("get", key, null),
    isReady: (node) =>
      cluster.status(node, AbortSignal.timeout(5_000)).then(
        ({ ready }) => ready,
        () => false,
      ),
    probeWrites: (node, bytes) => cluster.probeWrites?.(node, bytes) ?? expect.fail("this cluster tries no disks"),
    log: (node) => readFile(join(directory, "nodes", node, "log.txt"), "utf8"),
    async damage(faults, { limits = {}, whileOn = () => Promise.resolve() } = {}) {
      const records: FaultRecord[] = [];
      const during: Promise<void>[] = [];
      const nemesis = createNemesis({
        cluster,
        faults,
        random: createRandom(1, "nemesis"),
        groups: () => [{ group: 0, members: nodes }],
        leaderOf: () => null,
        record: (event) => {
          records.push(event);
          if (event.stage === "confirmed-on") during.push(whileOn(event.fault));
        },
        limits,
      });
      await nemesis.run(AbortSignal.timeout(60_000));
      await Promise.all(during);
      return { records, healed: await nemesis.finalHeal(AbortSignal.timeout(30_000)) };
    },
  };
}

export const flipOn = (node: NodeName): Fault => ({
  kind: "bit-flip",
  bits: 1,
  target: { by: "name", nodes: [node] },
  at_ms: 0,
  for_ms: 300,
});

const stagesOf = (records: readonly FaultRecord[], wanted: number): readonly string[] =>
  records.flatMap(({ fault, stage }) => (fault === wanted ? [stage] : []));
const fourStages = ["requested", "confirmed-on", "heal-requested", "confirmed-off"];

/** Two nodes of five lose their disks, one after the other, in one way each. */
export async function showDiskDamage(
  create: (options: ClusterOptions) => Cluster,
  system: SystemUnderTest,
): Promise<void> {
  const [, , , n4 = expect.fail("no node"), n5 = expect.fail("no node")] = nodes;
  const wipe: Fault = { kind: "wipe-disk", target: { by: "name", nodes: [n4] }, at_ms: 100, for_ms: 300 };
  await withStore(create, system, async (store) => {
    const { records, healed } = await store.damage([flipOn(n5), wipe], {
      whileOn: (fault) => store.put(`k${fault}`, "while a node is down"),
    });
    for (const fault of [0, 1]) expect(stagesOf(records, fault), JSON.stringify(records)).toEqual(fourStages);
    expect(healed).toEqual({
      healed: true,
      problems: [],
      linksHealed: true,
      refused: [
        { node: n4, reason: "after wipe-disk of its disk it runs and was not ready for 5000 ms" },
        { node: n5, reason: "it refused to start after bit-flip of its disk, with exit code 1" },
      ],
    });
    expect([await store.isReady(n4), await store.isReady(n5)]).toEqual([false, false]);
    expect(await store.log(n4)).toMatch(/"event":"refused-for-good"/);
    expect(await store.log(n5)).toMatch(/FATAL CorruptLogError/);
    expect(store.events).toContainEqual({
      type: "notice",
      detail: expect.stringMatching(/^n5 on its damaged disk: FATAL CorruptLogError/) as string,
    });
    for (const key of ["k0", "k1"]) expect(await store.get(key)).toBe("while a node is down");
    const crashes = store.events.filter(
      (event) => event.type === "panic" || (event.type === "exited" && !event.expected),
    );
    expect(crashes).toEqual([]);
  });
}

/** One node of three is left with the beginning of its log. */
export async function showTruncation(
  create: (options: ClusterOptions) => Cluster,
  system: SystemUnderTest,
): Promise<void> {
  const [, , n3 = expect.fail("no node")] = three;
  const cut: Fault = { kind: "truncate", target: { by: "name", nodes: [n3] }, at_ms: 0, for_ms: 300 };
  await withStore(
    create,
    system,
    async (store) => {
      const { records, healed } = await store.damage([cut], { whileOn: () => store.put("k0", "while it is down") });
      expect(stagesOf(records, 0), JSON.stringify(records)).toEqual(fourStages);
      const reason = "it refused to start after truncate of its disk, with exit code 1";
      expect(healed.refused).toEqual([{ node: n3, reason }]);
      expect(await store.log(n3)).toMatch(/FATAL CorruptLogError: .*segment 1 has \d+ bytes instead of at least \d+/);
      expect(await store.get("k0")).toBe("while it is down");
      expect(
        store.events.filter((event) => event.type === "panic" || (event.type === "exited" && !event.expected)),
      ).toEqual([]);
    },
    three,
  );
}
