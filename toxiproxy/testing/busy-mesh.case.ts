// Links told apart under load: four nodes talk to each other all the time, in equal messages, through connections that the
// proxy dials from one address, while one link is cut in each mode. From the counters alone it must be plain which link is cut:
// bytes are offered to it and none come out; every other link delivers all that it is offered.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CounterSource } from "../counter-source.js";
import { LinkMesh } from "../mesh.js";
import type { RunningProxyServer } from "../start.js";
import type { Link, LinkCounters } from "../types.js";
import { Peer, dial, pause, until } from "./wires.js";
import type { End } from "./wires.js";

type Name = "n1" | "n2" | "n3" | "n4";
const names: readonly Name[] = ["n1", "n2", "n3", "n4"];
const textOf = ({ from, to }: Link): string => `${from}>${to}`;
const everyLink = names.flatMap((from) => names.filter((to) => to !== from).map((to) => ({ from, to })));

/** Keeps one connection per link proxy open, as a node does: speaks every few ms, answers what it hears, dials again. */
class Talker {
  private stopped = false;
  private readonly ends = new Map<string, End>();
  private readonly loops: Promise<void>[];

  constructor(
    private readonly mesh: LinkMesh<Name>,
    peers: readonly Peer[],
  ) {
    for (const peer of peers) peer.onAccept(({ socket }) => socket.on("data", () => socket.write("ok")));
    this.loops = everyLink.map((link) => this.talk(link));
  }

  private async talk(link: Link<Name>): Promise<void> {
    const message = Buffer.alloc(24, textOf(link));
    while (!this.stopped) {
      const known = this.ends.get(textOf(link));
      if (known !== undefined && !known.closed && !known.sawEnd) known.send(message);
      else {
        const fresh = await dial(this.mesh.linkAddress(link)).catch(() => null);
        if (fresh !== null) this.ends.set(textOf(link), fresh);
      }
      await pause(2 + Math.random() * 6);
    }
  }

  /** Ends one link's connection; its talker dials again. */
  hangUp(link: Link<Name>): void {
    this.ends.get(textOf(link))?.socket.destroy();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.loops);
    for (const { socket } of this.ends.values()) socket.destroy();
  }
}

export function busyMeshCases(
  start: () => Promise<RunningProxyServer>,
  counters: (server: RunningProxyServer) => CounterSource,
): void {
  describe("the link mesh under load", () => {
    let server: RunningProxyServer;
    let peers: readonly Peer[];
    let clients: Peer;
    let mesh: LinkMesh<Name>;
    let talker: Talker;

    const observe = async (): Promise<ReadonlyMap<string, LinkCounters<Name>>> =>
      new Map((await mesh.observeLinks()).map((one) => [textOf(one.link), one]));
    const of = (seen: ReadonlyMap<string, LinkCounters<Name>>, text: string): LinkCounters<Name> =>
      seen.get(text) ?? expect.fail(`no counters of ${text}`);
    const everyLinkIsExact = async (): Promise<boolean> =>
      [...(await observe()).values()].every(
        ({ certainty, deliveredBytes }) => certainty === "exact" && deliveredBytes > 500,
      );

    beforeEach(async () => {
      server = await start();
      peers = await Promise.all(names.map(() => Peer.listen()));
      clients = await Peer.listen();
      const nodes = names.map((name, index) => {
        const peer = peers[index] ?? expect.fail();
        return { name, peer: peer.address, client: clients.address };
      });
      mesh = await LinkMesh.create({ api: server.api, nodes, counters: counters(server) });
      talker = new Talker(mesh, peers);
    });
    afterEach(async () => {
      await talker.stop();
      await mesh.remove();
      for (const peer of [...peers, clients]) peer.close();
      await server.stop();
    });

    /**
     * Over windows of 400 ms: a cut link delivers nothing in any of them, every other link delivers in each, and in one of them as much
     * as it is offered, give or take what is on its way (a busy machine may read the two ends of a link some time apart).
     */
    const expectOnlyTheseCut = async (cut: readonly string[], silent: readonly string[] = []): Promise<void> => {
      const onItsWay = new Map<string, number>();
      for (let window = 0; window < 5; window++) {
        const before = await observe();
        await pause(400);
        const after = await observe();
        for (const link of everyLink.map(textOf)) {
          const offered = of(after, link).offeredBytes - of(before, link).offeredBytes;
          const delivered = of(after, link).deliveredBytes - of(before, link).deliveredBytes;
          if (silent.includes(link)) continue;
          expect(offered, `${link} offered`).toBeGreaterThan(20);
          if (cut.includes(link)) expect(delivered, `${link} delivered`).toBe(0);
          else {
            expect(delivered, `${link} delivered`).toBeGreaterThan(20);
            onItsWay.set(link, Math.min(onItsWay.get(link) ?? Infinity, Math.abs(offered - delivered)));
          }
        }
        if ([...onItsWay.values()].every((bytes) => bytes < 200)) return;
      }
      for (const [link, bytes] of onItsWay) expect(bytes, `${link} on its way`).toBeLessThan(200);
    };

    test("every link is exact soon, and none looks cut", async () => {
      await until("every link is exact", everyLinkIsExact);
      await expectOnlyTheseCut([]);
    });

    test.each(["drop", "stall"] as const)("a one-way %s shows on its link and on no other", async (mode) => {
      await until("every link is exact", everyLinkIsExact);
      await mesh.cut([{ from: "n1", to: "n3" }], mode);
      await expectOnlyTheseCut(["n1>n3"]);
      await mesh.heal([{ from: "n1", to: "n3" }]);
      await until("every link is exact again", everyLinkIsExact);
      await expectOnlyTheseCut([]);
    });

    test.each(["drop", "stall"] as const)("so does a %s of a node's every link in one direction", async (mode) => {
      await until("every link is exact", everyLinkIsExact);
      const links = names.filter((to) => to !== "n2").map((to) => ({ from: "n2" as const, to }));
      await mesh.cut(links, mode);
      await expectOnlyTheseCut(links.map(textOf));
      await mesh.heal(links);
      await until("every link is exact again", everyLinkIsExact);
    });

    test.each(["drop", "stall"] as const)("a connection dialled again during a %s is told apart too", async (mode) => {
      await until("every link is exact", everyLinkIsExact);
      const link = { from: "n1", to: "n3" } as const;
      await mesh.cut([link], mode);
      talker.hangUp(link);
      await until("it is dialled again", async () => of(await observe(), "n1>n3").acceptedConnections >= 2);
      // n3 hears nothing on that connection, so it has nothing to answer there: n3>n1 speaks on n3's own.
      await pause(300);
      await expectOnlyTheseCut(["n1>n3"]);
    });

    test("a one-way reset leaves no connection of the dialler and discards the answers the other way", async () => {
      await until("every link is exact", everyLinkIsExact);
      await mesh.cut([{ from: "n1", to: "n3" }], "reset");
      await until("no connection is open", async () => of(await observe(), "n1>n3").openConnections === 0);
      await expectOnlyTheseCut(["n1>n3"]);
      expect(await mesh.attempt({ from: "n1", to: "n3" })).toBe("refused");
      await mesh.heal([{ from: "n1", to: "n3" }]);
      await until("every link is exact again", everyLinkIsExact);
      await expectOnlyTheseCut([]);
    });
  });
}
