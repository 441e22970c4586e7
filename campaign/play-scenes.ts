// Plays the scenes of a plan in a simulated world: waits for the group to be in peace, strikes step by step, and, where links are cut so
// that somebody still hears a majority, demands that the group serves.
import { linkName, type GroupLayout, type NodeName } from "../cluster/index.js";
import type { HistoryEvent, JsonValue, Random } from "../history/index.js";
import { planFault, type ClusterView, type Fault, type FaultAction } from "../nemesis/index.js";
import type { SimulatedNode, World, WorldSettings } from "../simulation/index.js";
import { isConnectivity, type ConnectivityScene, type HandOverScene, type HandOverStep, type Scene } from "./scenes.js";

/** What carries a fault out and records it. */
export interface SceneHands<Open> {
  begin(
    what: {
      readonly spec: Fault;
      readonly targets: readonly string[];
      readonly action: Extract<FaultAction, { readonly type: "cut" | "stop" | "pause" }>;
    },
    cause: JsonValue,
  ): Open;
  end(open: Open): void;
}

export interface ScenePlayerOptions<Open> {
  readonly world: World;
  readonly hands: SceneHands<Open>;
  readonly random: Random;
  readonly originNs: number;
  readonly endMs: number;
  readonly groups: () => readonly GroupLayout[];
  readonly serving: ServingWatch;
}

/** Between two looks at the group. */
const lookMs = 10;
/**
 * A group in which somebody hears a majority must serve something that was asked for since within so many of the runtime's election
 * time-outs, each of which is about four times the shortest that there can be (one heartbeat and its reply).
 */
const servingBoundTimeouts = 2;

/** In a world of slow disks and links what is slow may come on top, several times over. */
export function servingBoundMs(electionTimeoutMs: number, settings: WorldSettings): number {
  const { slowFsyncChance, slowFsyncNs, latencyNs, tailChance, tailFactor } = settings;
  const fsyncNs = slowFsyncChance > 0 ? slowFsyncNs : 0;
  const messageNs = latencyNs * (tailChance > 0 ? tailFactor : 2);
  return Math.ceil(servingBoundTimeouts * electionTimeoutMs + (2 * fsyncNs + 8 * messageNs) / 1e6);
}

/** Fewer requests than this leave it open whether the group could have served. */
const askedLeast = 3;

/**
 * The members through which a client must be served while these links are cut: those that are connected, both ways, with everybody who
 * hears a majority, for any of these may be the one that leads, and a node that does not reach the leader has nobody to ask.
 */
export function membersThatServe(members: readonly NodeName[], cut: ReadonlySet<string>): ReadonlySet<NodeName> {
  const whole = (from: NodeName, to: NodeName): boolean => from === to || !cut.has(linkName({ from, to }));
  const hearing = members.filter((to) => 2 * members.filter((from) => whole(from, to)).length > members.length);
  return new Set(members.filter((node) => hearing.every((one) => whole(one, node) && whole(node, one))));
}

/**
 * Watches the clients: since when a group has served nothing that was asked for since, and how much clients of some nodes have asked for
 * meanwhile.
 */
export class ServingWatch {
  readonly #groupOf: (key: JsonValue) => number;
  readonly #calls = new Map<number, number>();
  #group: number | null = null;
  #nodes: ReadonlySet<string> = new Set();
  sinceNs = 0;
  /** By clients of those nodes, since the last service. */
  asked = 0;
  /** By them, since it began to watch. */
  everAsked = false;

  constructor(groupOf: (key: JsonValue) => number) {
    this.#groupOf = groupOf;
  }

  begin(group: number, nodes: ReadonlySet<string>, nowNs: number): void {
    this.#group = group;
    this.#nodes = nodes;
    this.everAsked = false;
    this.#restart(nowNs);
  }

  end(): void {
    this.#group = null;
  }

  feed(event: HistoryEvent): void {
    if (this.#group === null) return;
    if (event.type === "invoke") {
      if (this.#groupOf(event.key) !== this.#group) return;
      if (event.node !== null && this.#nodes.has(event.node)) {
        this.asked += 1;
        this.everAsked = true;
      }
      this.#calls.set(event.process, event.time);
    } else if (event.type === "ok" && (this.#calls.get(event.process) ?? -1) >= this.sinceNs) this.#restart(event.time);
  }

  #restart(nowNs: number): void {
    this.sinceNs = nowNs;
    this.asked = 0;
    this.#calls.clear();
  }
}

/** Who leads the group as its members see themselves: of those that lead and run, the one with the greatest ballot. */
function leaderAmong(
  members: readonly SimulatedNode[],
): { readonly node: SimulatedNode; readonly decided: number } | null {
  let best: { readonly node: SimulatedNode; readonly decided: number; readonly ballot: number } | null = null;
  for (const node of members) {
    const seen = node.state === "running" ? (node.node?.inspect() ?? null) : null;
    const ballot = seen?.ballot[0] ?? 0;
    if (seen === null || !seen.leads || (best !== null && best.ballot >= ballot)) continue;
    best = { node, decided: seen.decided, ballot };
  }
  return best;
}

export class ScenePlayer<Open> {
  readonly #options: ScenePlayerOptions<Open>;

  constructor(options: ScenePlayerOptions<Open>) {
    this.#options = options;
  }

  /** False when the group was never in peace while there was time. */
  async play(scene: Scene, at: number, signal: AbortSignal): Promise<boolean> {
    const { world, random } = this.#options;
    await world.delay(scene.at_ms, signal);
    const leader = await this.#peace(scene, signal);
    if (leader === null) return false;
    const draws = random.fork(`scene ${at}`);
    if (isConnectivity(scene)) await this.#connectivity(scene, leader, draws, signal);
    else await this.#handOver(scene, leader, draws, signal);
    return true;
  }

  get #nowMs(): number {
    return (this.#options.world.queue.nowNs - this.#options.originNs) / 1e6;
  }

  #membersOf(group: number): readonly SimulatedNode[] {
    const { world, groups } = this.#options;
    return (groups().find((layout) => layout.group === group)?.members ?? []).map((name) => world.nodeNamed(name));
  }

  /** The leader, once every member runs, no link among them is cut, and one leads. */
  async #peace(scene: Scene, signal: AbortSignal): Promise<NodeName | null> {
    const { world, endMs } = this.#options;
    while (!signal.aborted && this.#nowMs + scene.for_ms <= endMs) {
      const members = this.#membersOf(scene.group);
      const leader = this.#whole(members, new Set()) ? leaderAmong(members) : null;
      if (leader !== null) return leader.node.name;
      await world.delay(lookMs, signal);
    }
    return null;
  }

  /** Every member runs, and among their links exactly these are cut. */
  #whole(members: readonly SimulatedNode[], cut: ReadonlySet<string>): boolean {
    const { world } = this.#options;
    if (members.some((node) => node.state !== "running")) return false;
    return members.every(({ name: from }) =>
      members.every(({ name: to }) => {
        if (from === to) return true;
        const link = world.link({ from, to });
        return link.shape === null && (link.cut !== null) === cut.has(linkName({ from, to }));
      }),
    );
  }

  async #connectivity(scene: ConnectivityScene, leader: NodeName, random: Random, signal: AbortSignal): Promise<void> {
    const { world, hands } = this.#options;
    const { group, mode } = scene;
    const spec = {
      ...timed(this.#nowMs, scene.for_ms),
      kind: "partition",
      shape: scene.scene,
      mode,
      group,
      scope: "group",
    } as const;
    const planned = planFault(spec, this.#view(group, leader), random);
    if (planned.type === "void" || planned.action.type !== "cut") return;
    const { links } = planned.action;
    const opened: Open[] = [];
    let rest = links;
    if (scene.scene === "constrained-election") {
      const hub = this.#membersOf(group).find(
        ({ name }) => name !== leader && !links.some((one) => one.from === name && one.to !== leader),
      )?.name;
      const touches = ({ from, to }: (typeof links)[number]): boolean =>
        (from === leader && to === hub) || (from === hub && to === leader);
      const first = links.filter(touches);
      rest = links.filter((link) => !touches(link));
      opened.push(
        hands.begin(
          { spec, targets: first.map(linkName), action: { type: "cut", mode, links: first } },
          cause(scene, "the one node that will hear a majority misses the log's end"),
        ),
      );
      await world.delay(scene.lag_ms, signal);
    }
    if (!signal.aborted) {
      const open = rest.filter((link) => world.link(link).cut === null);
      opened.push(
        hands.begin(
          { spec, targets: open.map(linkName), action: { type: "cut", mode, links: open } },
          cause(scene, ""),
        ),
      );
      await this.#demandService(scene, new Set(links.map(linkName)), signal);
    }
    for (const one of opened) hands.end(one);
  }

  /** As long as nothing else goes wrong in the group. */
  async #demandService(scene: ConnectivityScene, cut: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
    const { world, serving, originNs, endMs } = this.#options;
    const members = this.#membersOf(scene.group);
    const incarnations = members.map(({ incarnation }) => incarnation);
    const boundMs = servingBoundMs(world.options.system.electionTimeoutMs, world.settings);
    const untilMs = Math.min(this.#nowMs + scene.for_ms, endMs);
    const serves = membersThatServe(
      members.map(({ name }) => name),
      cut,
    );
    serving.begin(scene.group, serves, world.queue.nowNs - originNs);
    let pure = true;
    while (!signal.aborted && this.#nowMs < untilMs) {
      await world.delay(lookMs, signal);
      pure &&= this.#whole(members, cut) && members.every(({ incarnation }, at) => incarnation === incarnations[at]);
      const idleMs = this.#nowMs - serving.sinceNs / 1e6;
      const [node] = members;
      if (!pure || node === undefined || !serving.everAsked) continue;
      // Too few have asked to say that it should have served: no check, and not counted as one.
      if (idleMs > boundMs && serving.asked < askedLeast) continue;
      world.invariants?.serves(
        node,
        idleMs <= boundMs,
        () =>
          `group ${scene.group} served nothing for ${boundMs} ms in which a node of it heard a majority ` +
          `(${scene.scene}, links cut: ${[...cut].join(", ")}; ${serving.asked} operations were asked for)`,
      );
      if (idleMs > boundMs) break;
    }
    serving.end();
  }

  async #handOver(scene: HandOverScene, first: NodeName, random: Random, signal: AbortSignal): Promise<void> {
    const { world, hands, endMs } = this.#options;
    let former: Open | null = null;
    const releases: Promise<void>[] = [];
    const release = (open: Open, afterMs: number): void => {
      if (afterMs === 0) hands.end(open);
      else releases.push(world.delay(afterMs, signal).then(() => hands.end(open)));
    };
    for (const [at, step] of scene.steps.entries()) {
      if (signal.aborted || this.#nowMs >= endMs) break;
      const members = this.#membersOf(scene.group);
      const leading = leaderAmong(members.filter((node) => !isStruck(world, node, members)));
      if (leading === null) break;
      if (scene.scene === "leads-twice" && at > 0 && leading.node.name === first) break;
      if (former !== null) release(former, step.overlap_ms);
      former = this.#strike(scene, step, leading.node, members, random);
      await this.#newDecisions(scene, step, leading.decided, members, signal);
    }
    await Promise.all(releases);
    if (former !== null) hands.end(former);
  }

  #strike(
    scene: HandOverScene,
    step: HandOverStep,
    leader: SimulatedNode,
    members: readonly SimulatedNode[],
    random: Random,
  ): Open | null {
    const { world, hands } = this.#options;
    const followers = members.filter((node) => node !== leader && node.state === "running");
    if (followers.length === 0) return null;
    const node = step.strikes === "leader" ? leader : random.pick(followers);
    const when = timed(this.#nowMs, scene.for_ms);
    const why = cause(scene, `strikes the ${step.strikes}`);
    if (step.do !== "cut") {
      const target = { by: "name", nodes: [node.name] } as const;
      const nodes = [node.name];
      const action =
        step.do === "kill" ? ({ type: "stop", how: "kill", nodes } as const) : ({ type: "pause", nodes } as const);
      return hands.begin({ spec: { ...when, kind: step.do, target }, targets: nodes, action }, why);
    }
    const { mode } = step;
    const links = members
      .filter((other) => other !== node)
      .flatMap(({ name }) => [
        { from: node.name, to: name },
        { from: name, to: node.name },
      ])
      .filter((link) => world.link(link).cut === null);
    const spec = {
      ...when,
      kind: "partition",
      shape: "isolate-one",
      mode,
      group: scene.group,
      scope: "group",
    } as const;
    return hands.begin({ spec, targets: links.map(linkName), action: { type: "cut", mode, links } }, why);
  }

  /** Until a leader that nobody keeps away has decided more, or the step has lasted long enough. */
  async #newDecisions(
    scene: HandOverScene,
    step: HandOverStep,
    before: number,
    members: readonly SimulatedNode[],
    signal: AbortSignal,
  ): Promise<void> {
    const { world } = this.#options;
    const untilMs = this.#nowMs + scene.for_ms;
    while (!signal.aborted && this.#nowMs < untilMs) {
      await world.delay(lookMs, signal);
      const leading = leaderAmong(members.filter((node) => !isStruck(world, node, members)));
      if (leading !== null && leading.decided >= before + step.decides) return;
    }
  }

  #view(group: number, leader: NodeName): ClusterView {
    const { world, groups } = this.#options;
    return {
      nodes: world.names,
      groups: groups(),
      leaders: new Map([[group, leader]]),
      processes: new Map(world.names.map((name) => [name, "running" as const])),
      busyLinks: new Set(),
    };
  }
}

/** Not running, or all of its links to the others are cut. */
function isStruck(world: World, node: SimulatedNode, members: readonly SimulatedNode[]): boolean {
  if (node.state !== "running") return true;
  return members.every((other) => other === node || world.link({ from: node.name, to: other.name }).cut !== null);
}

const timed = (nowMs: number, forMs: number) => ({
  at_ms: Math.round(nowMs),
  for_ms: Math.max(1, forMs),
  glitch: true,
});

function cause(scene: Scene, text: string): JsonValue {
  return { triggered_by: text === "" ? scene.scene : `${scene.scene}: ${text}` };
}
