// Shows that links bring every frame in order and once over a network that loses, doubles and reorders, and that a session that is given
// up is told to both ends: two ends in virtual time, the network's whims from a seed.
import { expect, test } from "vitest";
import { createRandom } from "../../history/index.js";
import { OrderedLinks, type LinkMessage } from "./ordered-links.js";

interface End {
  readonly links: OrderedLinks;
  readonly heard: string[];
  readonly told: string[];
}

function pair(deliver: (to: number, message: LinkMessage) => void): readonly [End, End] {
  const end = (self: number): End => {
    const heard: string[] = [];
    const told: string[] = [];
    const links = new OrderedLinks([3 - self], {
      send: (peer, message) => deliver(peer, message),
      deliver: (_, text) => heard.push(text),
      link: (_, direction, up) => told.push(`${direction} ${up ? "up" : "down"}`),
    });
    return { links, heard, told };
  };
  return [end(1), end(2)];
}

test.each([1, 2, 3, 4, 5])("everything arrives in order and once (seed %i)", (seed) => {
  const random = createRandom(seed, "ordered links");
  const underWay: { readonly atMs: number; readonly to: number; readonly message: LinkMessage }[] = [];
  let nowMs = 0;
  const [left, right] = pair((to, message) => {
    for (let copies = random.chance(0.3) ? 0 : random.integer(1, 2); copies > 0; copies -= 1)
      underWay.push({ atMs: nowMs + random.integer(1, 200), to, message });
  });
  left.links.open(0);
  right.links.open(0);
  for (; nowMs < 60_000; nowMs += 10) {
    if (nowMs < 5_000) left.links.send(2, `text ${nowMs}`, nowMs);
    const due = underWay.filter(({ atMs }) => atMs <= nowMs);
    for (const one of due) {
      underWay.splice(underWay.indexOf(one), 1);
      const [end, from] = one.to === 1 ? [left, 2] : [right, 1];
      end.links.receive(from, one.message, nowMs);
    }
    left.links.tick(nowMs);
    right.links.tick(nowMs);
  }
  const sent = Array.from({ length: 500 }, (_, at) => `text ${at * 10}`);
  expect(right.heard).toEqual(sent);
  expect(left.told.toSorted()).toEqual(["in up", "out up"]);
  expect(right.told.toSorted()).toEqual(["in up", "out up"]);
});

test("a peer that stays silent costs a session: what it held is lost, and both ends learn of the new one", () => {
  const cut = { on: false };
  const ends: End[] = [];
  const [left, right] = pair((to, message) => {
    if (!cut.on) ends[to - 1]?.links.receive(3 - to, message, 0);
  });
  ends.push(left, right);
  left.links.open(0);
  cut.on = true;
  for (let count = 0; count < 5_001; count += 1) left.links.send(2, String(count), 0);
  cut.on = false;
  left.links.tick(10_000);
  expect(left.told).toEqual(["out up", "out down", "out up"]);
  expect(right.told).toEqual(["in up", "in down", "in up"]);
  expect(right.heard).toEqual(["5000"]);
});
