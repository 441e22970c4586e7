// The ledger against a model of a real Toxiproxy: random nodes dial each other, send, lose their connections and are cut while
// samples are taken. The model knows the truth. In calm samples (one moment, nothing on its way) the claims hold without
// exception: pairs are right, a cut link does not grow, an uncut one has delivered what it was offered. In torn ones (bytes
// move between the reading of one half and the other, or stay on their way) sums still never fall, and errors are counted.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { MeshView } from "../counter-source.js";
import type { CutMode, LinkCounters, MeshProxy, Stream } from "../types.js";
import { Ledger } from "./ledger.js";
import type { AcceptedSide, DialledSide } from "./sides.js";

const names = ["n1", "n2", "n3", "n4"];

interface ModelConnection {
  readonly number: number;
  readonly from: string;
  readonly to: string;
  readonly upstream: { offered: number; delivered: number };
  readonly downstream: { offered: number; delivered: number };
}

type Step =
  | { readonly kind: "dial" | "close"; readonly from: number; readonly to: number }
  | {
      readonly kind: "send";
      readonly from: number;
      readonly to: number;
      readonly bytes: number;
      readonly answer: boolean;
    }
  | { readonly kind: "cut" | "heal"; readonly from: number; readonly to: number }
  | { readonly kind: "sample"; readonly onTheWay: boolean; readonly skew: Skew };

/** Which half of the sockets is read first while bytes move; null: both at one moment. */
type Skew = "accepted" | "dialled" | null;

const node = fc.nat(names.length - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("dial" as const), from: node, to: node }),
  fc.record({ kind: fc.constant("close" as const), from: node, to: node }),
  // Small sizes on purpose: equal counts by chance are what the ledger must not fall for.
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("send" as const),
      from: node,
      to: node,
      bytes: fc.integer({ min: 1, max: 4 }),
      answer: fc.boolean(),
    }),
  },
  fc.record({ kind: fc.constantFrom("cut" as const, "heal" as const), from: node, to: node }),
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("sample" as const),
      onTheWay: fc.boolean(),
      skew: fc.constantFrom<Skew>("accepted", "dialled", null),
    }),
  },
);

class Model {
  readonly ledger = new Ledger();
  private readonly connections: ModelConnection[] = [];
  private readonly gone: ModelConnection[] = [];
  readonly cuts = new Set<string>();
  readonly everCut = new Set<string>();
  private count = 0;
  readonly view: MeshView;

  constructor() {
    const links = names.flatMap((to) => names.filter((from) => from !== to).map((from) => proxy(from, to)));
    this.view = {
      links,
      passes: (name: string, stream: Stream) => {
        const found = links.find((one) => one.name === name);
        if (found?.role.kind !== "link") throw new Error(name);
        const { from, to } = found.role;
        return !this.cuts.has(stream === "upstream" ? `${from}>${to}` : `${to}>${from}`);
      },
    };
  }

  private pick(from: string, to: string): ModelConnection | undefined {
    return this.connections.find((one) => one.from === from && one.to === to);
  }

  dial(from: string, to: string): void {
    const nothing = () => ({ offered: 0, delivered: 0 });
    this.connections.push({ number: ++this.count, from, to, upstream: nothing(), downstream: nothing() });
  }

  close(from: string, to: string): void {
    const found = this.pick(from, to);
    if (found === undefined) return;
    this.connections.splice(this.connections.indexOf(found), 1);
    this.gone.push(found);
  }

  send(from: string, to: string, bytes: number, answer: boolean): void {
    const found = this.pick(from, to);
    if (found !== undefined) (answer ? found.downstream : found.upstream).offered += bytes;
  }

  /** Streams that pass catch up. */
  settle(): void {
    for (const { from, to, upstream, downstream } of this.connections) {
      if (!this.cuts.has(`${from}>${to}`)) upstream.delivered = upstream.offered;
      if (!this.cuts.has(`${to}>${from}`)) downstream.delivered = downstream.offered;
    }
  }

  cut(link: string): void {
    this.cuts.add(link);
    this.everCut.add(link);
  }

  /** The healed drop: connections that lost bytes die. */
  heal(link: string): void {
    this.cuts.delete(link);
    for (const one of this.connections.slice()) {
      const lost =
        (link === `${one.from}>${one.to}` && one.upstream.offered !== one.upstream.delivered) ||
        (link === `${one.to}>${one.from}` && one.downstream.offered !== one.downstream.delivered);
      if (!lost) continue;
      this.connections.splice(this.connections.indexOf(one), 1);
      this.gone.push(one);
    }
  }

  sample(skew: Skew = null): readonly LinkCounters[] {
    const [first, second] = skew === "dialled" ? [this.dialled, this.accepted] : [this.accepted, this.dialled];
    const one = first();
    if (skew !== null) {
      for (const { number, upstream, downstream } of this.connections) {
        upstream.offered += number % 2;
        downstream.offered += number % 3;
      }
      this.settle();
    }
    this.ledger.enter(this.view, { accepted: [], dialled: [], ...one, ...second() });
    return this.ledger.counters(this.view);
  }

  private readonly accepted = (): { readonly accepted: readonly AcceptedSide[] } => ({
    accepted: this.connections.map(({ number, from, to, upstream, downstream }) => ({
      id: `a${number}`,
      open: true,
      proxy: `link-${from}-${to}`,
      upstreamBytes: upstream.offered,
      downstreamBytes: downstream.delivered,
    })),
  });

  private readonly dialled = (): { readonly dialled: readonly DialledSide[] } => ({
    dialled: this.connections.map(({ number, to, upstream, downstream }) => ({
      id: `d${number}`,
      open: true,
      target: to,
      upstreamBytes: upstream.delivered,
      downstreamBytes: downstream.offered,
    })),
  });

  truth(link: string): { offered: number; delivered: number } {
    const total = { offered: 0, delivered: 0 };
    for (const { from, to, upstream, downstream } of [...this.connections, ...this.gone]) {
      const stream = link === `${from}>${to}` ? upstream : link === `${to}>${from}` ? downstream : null;
      total.offered += stream?.offered ?? 0;
      total.delivered += stream?.delivered ?? 0;
    }
    return total;
  }
}

function proxy(from: string, to: string): MeshProxy {
  const at = { host: "127.0.0.1", port: 1 };
  return { name: `link-${from}-${to}`, role: { kind: "link", from, to }, listen: at, upstream: at };
}

function run(
  steps: readonly Step[],
  check: (model: Model, counters: readonly LinkCounters[], before: readonly LinkCounters[]) => void,
): Model {
  const model = new Model();
  let before: readonly LinkCounters[] = model.sample();
  for (const one of steps) {
    if (one.kind === "sample") {
      if (!one.onTheWay) model.settle();
      const counters = model.sample(one.skew);
      check(model, counters, before);
      before = counters;
      continue;
    }
    const [from, to] = [names[one.from] ?? "", names[one.to] ?? ""];
    if (from === to) continue;
    if (one.kind === "dial") model.dial(from, to);
    else if (one.kind === "send") model.send(from, to, one.bytes, one.answer);
    else if (one.kind === "cut") model.cut(`${from}>${to}`);
    else {
      // What a connection did between its last sample and its end (a heal ends some) nobody can know: let there be nothing.
      model.settle();
      const counters = model.sample();
      check(model, counters, before);
      before = counters;
      if (one.kind === "heal") model.heal(`${from}>${to}`);
      else model.close(from, to);
    }
  }
  return model;
}

const textOf = ({ link }: LinkCounters): string => `${link.from}>${link.to}`;
const scenario = fc.array(step, { minLength: 20, maxLength: 120 });
/** Every sample at one moment in which nothing is on its way on a stream that passes. */
const calmScenario = scenario.map((steps) =>
  steps.map((one): Step => (one.kind === "sample" ? { ...one, onTheWay: false, skew: null } : one)),
);
const numRuns = 1000;

test("no sum ever falls, and nothing is delivered that was not offered", () => {
  fc.assert(
    fc.property(scenario, (steps) => {
      run(steps, (_model, counters, before) => {
        for (const [index, now] of counters.entries()) {
          const earlier = before[index];
          const holds =
            now.offeredBytes >= (earlier?.offeredBytes ?? 0) &&
            now.deliveredBytes >= (earlier?.deliveredBytes ?? 0) &&
            now.deliveredBytes <= now.offeredBytes;
          if (!holds) expect.fail(JSON.stringify({ now, earlier }));
        }
      });
    }),
    { numRuns },
  );
});

test("calm: no link was offered more than the truth", () => {
  fc.assert(
    fc.property(calmScenario, (steps) => {
      run(steps, (model, counters) => {
        for (const now of counters)
          if (now.offeredBytes > model.truth(textOf(now)).offered)
            expect.fail(JSON.stringify({ now, truth: model.truth(textOf(now)) }));
      });
    }),
    { numRuns },
  );
});

/** Calls back for each link that was cut at the sample before and is cut now. */
function whileCut(steps: readonly Step[], check: (now: LinkCounters, grownBytes: number, model: Model) => void): void {
  let cutBefore = new Set<string>();
  run(steps, (model, counters, before) => {
    for (const [index, now] of counters.entries()) {
      const earlier = before[index];
      if (earlier !== undefined && cutBefore.has(textOf(now)) && model.cuts.has(textOf(now)))
        check(now, now.deliveredBytes - earlier.deliveredBytes, model);
    }
    cutBefore = new Set(model.cuts);
  });
}

test("calm: a link that stays cut shows no delivered growth, whoever else sends to the same node", () => {
  fc.assert(
    fc.property(calmScenario, (steps) => {
      whileCut(steps, (now, grownBytes) => expect(grownBytes, textOf(now)).toBe(0));
    }),
    { numRuns },
  );
});

test("calm: a link that was never cut has delivered all that it was offered", () => {
  fc.assert(
    fc.property(calmScenario, (steps) => {
      const model = run(steps, () => undefined);
      model.settle();
      model.sample();
      for (const now of model.sample())
        if (!model.everCut.has(textOf(now))) expect(now.deliveredBytes, textOf(now)).toBe(now.offeredBytes);
    }),
    { numRuns },
  );
});

const isRight = (accepted: string, dialled: string): boolean => dialled === accepted.replace("a", "d");

test("calm: sockets that are paired belong together", () => {
  let pairs = 0;
  fc.assert(
    fc.property(calmScenario, (steps) => {
      run(steps, (model) => {
        for (const [accepted, dialled] of model.ledger.pairs()) {
          if (!isRight(accepted, dialled)) expect.fail(`${accepted} with ${dialled}`);
          pairs++;
        }
      });
    }),
    { numRuns },
  );
  // Were nothing ever paired, this test would show nothing.
  expect(pairs).toBeGreaterThan(1000);
});

// No rule on bytes alone can be right always when every sample is torn and bytes stay on their way: how often it errs is measured,
// with a fixed seed, on traffic made to deceive it (all messages of 1 to 4 bytes, several connections on one link).
test("torn samples: fewer than one pair in a thousand is wrong, and fewer than one growth of a cut link", () => {
  const seen = { pairs: 0, wrongPairs: 0, whileCut: 0, wrongGrowth: 0 };
  fc.assert(
    fc.property(scenario, (steps) => {
      run(steps, (model) => {
        for (const [accepted, dialled] of model.ledger.pairs()) {
          seen.pairs++;
          if (!isRight(accepted, dialled)) seen.wrongPairs++;
        }
      });
      whileCut(steps, (now, grownBytes, model) => {
        seen.whileCut++;
        // Bytes that came through before the cut may be noticed late: those are no error.
        if (grownBytes > 0 && now.deliveredBytes > model.truth(textOf(now)).delivered) seen.wrongGrowth++;
      });
    }),
    { seed: 20_261_122, numRuns: 3000 },
  );
  expect(seen.pairs).toBeGreaterThan(10_000);
  expect(seen.whileCut).toBeGreaterThan(10_000);
  expect(seen.wrongPairs / seen.pairs).toBeLessThan(1 / 1000);
  expect(seen.wrongGrowth / seen.whileCut).toBeLessThan(1 / 1000);
});

test("four nodes that talk in different amounts are all paired after three samples", () => {
  const model = new Model();
  let bytes = 0;
  for (const from of names) for (const to of names) if (from !== to) model.dial(from, to);
  for (const from of names) for (const to of names) if (from !== to) model.send(from, to, ++bytes, false);
  model.settle();
  for (let count = 0; count < 3; count++) model.sample();
  expect(model.ledger.pairs().size).toBe(12);
  expect(model.sample().every(({ certainty }) => certainty === "exact")).toBe(true);
});

test.each<CutMode>(["drop", "stall"])(
  "two senders that cannot be told apart: the one cut (%s) is bounded, and says so",
  () => {
    const model = new Model();
    model.dial("n1", "n3");
    model.dial("n2", "n3");
    for (const from of ["n1", "n2"]) model.send(from, "n3", 10, false);
    model.settle();
    for (let count = 0; count < 4; count++) model.sample();
    expect(model.ledger.pairs().size).toBe(0);
    model.cuts.add("n1>n3");
    model.send("n1", "n3", 5, false);
    model.send("n2", "n3", 5, false);
    model.settle();
    model.sample();
    const counters = new Map(model.sample().map((one) => [textOf(one), one]));
    expect(counters.get("n1>n3")).toMatchObject({ offeredBytes: 15, deliveredBytes: 10 });
    expect(counters.get("n2>n3")).toMatchObject({ offeredBytes: 15, deliveredBytes: 15 });
    expect(counters.get("n1>n2")).toMatchObject({ offeredBytes: 0, deliveredBytes: 0, certainty: "exact" });
  },
);
