// Drawing a schedule from a seed. Every knob of a schedule is drawn in `drawSchedule` and the functions below it, from one
// stream of the seed, so that a seed says all.
import { createRandom, type Random } from "../history/index.js";
import { shortestFaultMs, shortestGapMs, type ScheduleLimits } from "./check-schedule.js";
import type { Fault, FaultKind } from "./fault.js";
import { faultKinds, touchesLinks } from "./kinds.js";
import { cards, kindsOf, ofKind, type Card, type PresetName } from "./presets.js";

export interface ScheduleInput extends ScheduleLimits {
  readonly seed: number;
  readonly preset: PresetName;
  /** Only these kinds, out of those that the preset and the cluster allow. */
  readonly kinds?: readonly FaultKind[];
}

/** Kinds that somebody names and no card of the preset has (`--nemesis terminate`) come from the other presets' cards. */
function deckOf(input: ScheduleInput): readonly Card[] {
  const able = (card: Card): boolean => {
    // The needs of a drawn fault depend on its mode; a card stays when every mode that it may draw can be done.
    return kindsOf(card).every(
      (kind) =>
        faultKinds[kind].mayNeed.every((name) => input.capabilities[name].able) &&
        !(touchesLinks(kind) && input.peerAddressing === "shared"),
    );
  };
  const { kinds } = input;
  return cards.filter(
    (card) => able(card) && (kinds === undefined ? card.presets.includes(input.preset) : ofKind(card, kinds)),
  );
}

/** Cards in the order they are played: each hand holds the essential ones and some of the others, shuffled. */
function deal(deck: readonly Card[], count: number, random: Random): Card[] {
  const played: Card[] = [];
  const essential = deck.filter((card) => card.essential);
  let others: readonly Card[] = [];
  while (deck.length > 0 && played.length < count) {
    const size = Math.min(count - played.length, Math.max(essential.length * 2, 1));
    const hand = random.shuffle(essential).slice(0, size);
    while (hand.length < size) {
      if (others.length === 0) others = random.shuffle(deck.filter((card) => !card.essential));
      if (others.length === 0) others = random.shuffle(deck);
      const [card, ...rest] = others;
      if (card !== undefined) hand.push(card);
      others = rest;
    }
    played.push(...random.shuffle(hand));
  }
  return played;
}

/** A calm second of load before the first fault, so that leaders are known and every key has been written. */
const firstFaultAfterMs = 800;
/** What one fault may take beyond its own length to be confirmed on and off without pushing the next one back. */
const confirmationAllowanceMs = 1_200;
/** Load goes on this long after the last fault, so that its end is seen under load. */
const lastFaultBeforeEndMs = 600;

/** Now and then a lane of more than four goes without its last fault, so that the others get longer and farther apart. */
const sparseLane = 0.3;

/** A group with fewer faults has none to spare for the last. */
const leastForClosing = 5;

interface Slot {
  readonly atMs: number;
  readonly forMs: number;
}

/**
 * One lane's places in time: as many as fit, the spare time strewn at random over its beginning, the lengths and the gaps. The
 * beginnings of lanes are staggered, so that groups are not all disturbed in step.
 */
function drawPlaces(input: ScheduleInput, lane: number, lanes: number, random: Random): readonly Slot[] {
  const faultMs = shortestFaultMs(input);
  const gapMs = shortestGapMs(input);
  const slotMs = faultMs + confirmationAllowanceMs + gapMs;
  // The last slot needs no gap behind it.
  const roomMs = input.timeLimitMs - firstFaultAfterMs - lastFaultBeforeEndMs + gapMs;
  const fitting = Math.max(0, Math.floor(roomMs / slotMs));
  const count = fitting > 4 && random.chance(sparseLane) ? fitting - 1 : fitting;
  let spareMs = roomMs - count * slotMs;
  const staggerMs = Math.max(0, Math.min(spareMs, slotMs)) / lanes;
  const offsetMs = random.integer(Math.floor(lane * staggerMs), Math.floor((lane + 1) * staggerMs));
  spareMs -= offsetMs;
  let atMs = firstFaultAfterMs + offsetMs;
  const places: Slot[] = [];
  for (let place = 0; place < count; place += 1) {
    // At most a fair share each time, so that early places do not eat everything; whole milliseconds.
    const take = (): number => {
      const shareMs = Math.floor(spareMs / (count - place));
      const takenMs = random.integer(0, shareMs);
      spareMs -= takenMs;
      return takenMs;
    };
    const forMs = faultMs + take();
    places.push({ atMs, forMs });
    atMs += forMs + confirmationAllowanceMs + gapMs + take();
  }
  return places;
}

/**
 * Draws a schedule that `checkSchedule` accepts, in order of `at_ms`. Same input, same schedule. Each group is a lane of its
 * own: faults in different groups may overlap, faults in one group never do, and no fault takes more than a
 * minority of one group unless its kinds were asked for by name (smaller groups than three have no such fault).
 */
export function drawSchedule(input: ScheduleInput): readonly Fault[] {
  if (input.preset === "none") return [];
  const random = createRandom(input.seed, "nemesis");
  const lanes = input.groups.filter(({ members }) => members.length >= 3 || input.kinds !== undefined);
  const deck = deckOf(input);
  const places = lanes
    .flatMap(({ group, members }, lane) =>
      drawPlaces(input, lane, lanes.length, random.fork(`places ${group}`)).map((place) => ({
        ...place,
        group,
        members,
      })),
    )
    .sort((one, other) => one.atMs - other.atMs || one.group - other.group);
  const closing = deck.filter((card) => card.closing === true);
  const last = closing.length === 0 ? new Set<number>() : lastPlaces(places);
  const played = deal(
    deck.filter((card) => card.closing !== true),
    places.length - last.size,
    random.fork("cards"),
  );
  // Groups take turns, so that a schedule shows as many of them as it can.
  const turn = random.fork("last").integer(0, Math.max(0, closing.length - 1));
  const faults = places.flatMap(({ atMs, forMs, group, members }, index) => {
    const card = last.has(index) ? closing[(turn + group) % closing.length] : played.shift();
    if (card === undefined || !fits(card, members.length)) return [];
    return card.draw({ group, members, atMs, forMs, random: random.fork(`draw ${index}`), series: `series ${index}` });
  });
  return faults.sort((one, other) => one.at_ms - other.at_ms);
}

/** Of each group that has at least four, by index. */
function lastPlaces(places: readonly { readonly group: number }[]): ReadonlySet<number> {
  const byGroup = new Map<number, number[]>();
  for (const [index, { group }] of places.entries()) byGroup.set(group, [...(byGroup.get(group) ?? []), index]);
  return new Set([...byGroup.values()].flatMap((own) => (own.length < leastForClosing ? [] : own.slice(-1))));
}

/** In a group of one or two only whole processes of the leader can be aimed at, and links only where there is a second node. */
function fits(card: Card, members: number): boolean {
  if (members >= 3) return true;
  return touchesLinks(card.kind) ? members === 2 && card.essential : card.essential;
}
