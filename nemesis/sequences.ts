// Cards that play several faults in a given order on one group: what takes two or three things going wrong one upon the other, which
// faults drawn one at a time hardly ever bring about. For moments a group has no majority here.
import type { Fault } from "./fault.js";
import type { Place } from "./presets.js";

/** Much shorter than an election time-out, so that a node that is stopped and started is what counts, not its absence. */
const briefMs = 50;
/** What a place leaves behind it for confirmations, as far as a sequence may use it. */
const tailMs = 900;

/** Two nodes that hear each other again have a leader after about so long. */
const electionsMs = 600;

/** So long is a leader that was cut off not missed yet, while the cut has been seen on every link. */
const heldAfterMs = 250;

const minorityOf = (members: number): number => Math.ceil(members / 2) - 1;

/**
 * One member is left behind, and then has to lead: it is cut off while the others go on, these stop all at once, and of them only as
 * many come back as make a majority with it. The one with the shorter log wins every other time, and has all that was decided from
 * the others' promises alone.
 */
export function leftBehind({ members, atMs, forMs, random }: Place): readonly Fault[] {
  const [behind, ...others] = random.shuffle(members);
  if (behind === undefined) return [];
  const away = others.slice(0, minorityOf(members.length));
  const back = others.slice(away.length);
  const cutMs = Math.round(forMs * 0.6);
  const stopAtMs = atMs + Math.round(forMs * 0.4);
  const links = others.flatMap((other) => [`${behind}>${other}`, `${other}>${behind}`]);
  return [
    { kind: "partition", shape: "custom", mode: "drop", links, at_ms: atMs, for_ms: cutMs, glitch: true },
    {
      kind: "kill",
      target: { by: "name", nodes: away },
      at_ms: stopAtMs,
      for_ms: atMs + forMs + tailMs - stopAtMs,
      glitch: true,
    },
    { kind: "kill", target: { by: "name", nodes: back }, at_ms: stopAtMs, for_ms: briefMs, glitch: true },
  ];
}

/**
 * A leader misses two elections and comes back with commands of its own. While it is cut off, the others are held up, so that it has
 * more of its own than they decide without it; then they elect, the new leader is stopped and started, and they elect again. What comes
 * back was accepted under a ballot that is long gone.
 */
export function twoElections({ group, atMs, forMs }: Place): readonly Fault[] {
  const heldMs = Math.round(forMs * 0.5);
  return [
    {
      kind: "partition",
      shape: "isolate-leader",
      mode: "drop",
      group,
      scope: "group",
      at_ms: atMs,
      for_ms: forMs + tailMs,
      glitch: true,
    },
    { kind: "pause", target: { by: "followers", group }, at_ms: atMs + heldAfterMs, for_ms: heldMs, glitch: true },
    {
      kind: "kill",
      target: { by: "leader", group },
      at_ms: atMs + heldAfterMs + heldMs + electionsMs,
      for_ms: briefMs,
      glitch: true,
    },
  ];
}
