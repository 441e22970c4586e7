// What the mesh promises, shown on whichever proxy server it is given: three nodes that dial each other through their link
// proxies; each test cuts, looks at both ends of the wires, heals and looks again. Only real bytes count.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { LinkMesh } from "../mesh.js";
import type { CounterSource } from "../counter-source.js";
import type { RunningProxyServer } from "../start.js";
import type { CutMode, Link, LinkCounters } from "../types.js";
import { Peer, dial, pause, until } from "./wires.js";
import type { Wire } from "./wires.js";

type Name = "n1" | "n2" | "n3";
const names: readonly Name[] = ["n1", "n2", "n3"];
const link = (text: string): Link<Name> => {
  const [from, to] = text.split(">");
  return { from: from as Name, to: to as Name };
};
const everyLink = names.flatMap((from) => names.filter((to) => to !== from).map((to) => `${from}>${to}`));

export function meshCases(
  start: () => Promise<RunningProxyServer>,
  counters: (server: RunningProxyServer) => CounterSource,
): void {
  describe("the link mesh", () => {
    let server: RunningProxyServer;
    let mesh: LinkMesh<Name>;
    let peers: ReadonlyMap<Name, Peer>;
    let clients: Peer;
    let wires: Map<string, Wire>;

    const peer = (name: Name): Peer => peers.get(name) ?? expect.fail(`no peer ${name}`);
    const wire = (text: string): Wire => wires.get(text) ?? expect.fail(`no wire ${text}`);
    const open = async (text: string): Promise<Wire> => {
      const { from, to } = link(text);
      const made = await peer(to).wire(mesh.linkAddress({ from, to }));
      wires.set(text, made);
      return made;
    };
    /** An accepted attempt shows at the target too; waiting for its end keeps it apart from the wires that come after. */
    const attempt = async (text: string): Promise<"accepted" | "refused"> => {
      const { accepted } = peer(link(text).to);
      const before = accepted.length;
      const outcome = await mesh.attempt(link(text));
      if (outcome === "accepted")
        await until("the attempt ends at the target", () => accepted.slice(before).some(({ sawEnd }) => sawEnd));
      expect(accepted.slice(before).every(({ receivedBytes }) => receivedBytes === 0)).toBe(true);
      return outcome;
    };
    const observe = async (text: string): Promise<LinkCounters<Name>> => {
      const { from, to } = link(text);
      const all = await mesh.observeLinks();
      return all.find((one) => one.link.from === from && one.link.to === to) ?? expect.fail(`no counters of ${text}`);
    };

    beforeEach(async () => {
      server = await start();
      peers = new Map(await Promise.all(names.map(async (name) => [name, await Peer.listen()] as const)));
      clients = await Peer.listen();
      const nodes = names.map((name) => ({ name, peer: peer(name).address, client: clients.address }));
      mesh = await LinkMesh.create({ api: server.api, nodes, counters: counters(server) });
      wires = new Map();
      for (const text of everyLink) await open(text);
    });

    afterEach(async () => {
      for (const { near } of wires.values()) near.socket.destroy();
      await mesh.remove();
      for (const one of [...peers.values(), clients]) one.close();
      await server.stop();
    });

    test("has a proxy for each ordered pair and one for each node's clients", () => {
      expect(mesh.proxies.map(({ name }) => name).toSorted()).toEqual(
        ["n1", "n2", "n3"]
          .map((name) => `client-${name}`)
          .concat(everyLink.map((one) => `link-${one.replace(">", "-")}`))
          .toSorted(),
      );
    });

    test("counts what a link was offered and what came out", async () => {
      wire("n1>n2").near.send("x".repeat(100));
      wire("n2>n1").far.send("y".repeat(23));
      await until("both arrive", () => wire("n1>n2").far.receivedBytes + wire("n2>n1").near.receivedBytes === 123);
      await until("both are counted", async () => (await observe("n1>n2")).deliveredBytes === 123);
      expect(await observe("n1>n2")).toMatchObject({ offeredBytes: 123, deliveredBytes: 123, openConnections: 1 });
      expect(await observe("n2>n1")).toMatchObject({ offeredBytes: 0, deliveredBytes: 0 });
    });

    test("a one-way drop discards both the dialler's bytes and the answers, and nothing else", async () => {
      await mesh.cut([link("n1>n2")], "drop");
      await expectOneWay("n1>n2");
      await mesh.heal([link("n1>n2")]);
      // The connections that lost bytes die; new ones work.
      await wire("n1>n2").near.closes();
      await wire("n2>n1").near.closes();
      expect(wire("n1>n2").far.text).toBe("");
      await expectFlows("n1>n2");
      await expectFlows("n2>n1");
    });

    test("a one-way stall keeps bytes and delivers them late, on old and new connections", async () => {
      await mesh.cut([link("n1>n2")], "stall");
      const late = await open2("n1>n2");
      late.near.send("late");
      await expectOneWay("n1>n2");
      expect(late.far.text).toBe("");
      await mesh.heal([link("n1>n2")]);
      await late.far.receives("late");
      await wire("n1>n2").far.receives("lost?");
      await wire("n2>n1").near.receives("answer lost?");
      for (const text of ["n1>n2", "n2>n1"]) expect(wire(text).near.closed).toBe(false);
      late.near.socket.destroy();
    });

    /** One more connection beside the one that is kept. */
    const open2 = (text: string): Promise<Wire> => peer(link(text).to).wire(mesh.linkAddress(link(text)));

    /** Sends on all wires both ways; asserts that just the bytes of this link are missing, by the ends and by the counters. */
    const expectOneWay = async (text: string): Promise<void> => {
      const { from, to } = link(text);
      const back = `${to}>${from}`;
      const before = await observe(text);
      const backBefore = await observe(back);
      wire(text).near.send("lost?");
      wire(text).far.send("answer on the cut dialler's connection");
      wire(back).near.send("other way");
      wire(back).far.send("answer lost?");
      for (const other of everyLink.filter((one) => one !== text && one !== back)) {
        wire(other).near.send("untouched");
        wire(other).far.send("answered");
      }
      await wire(text).near.receives("answer on the cut dialler's connection");
      await wire(back).far.receives("other way");
      for (const other of everyLink.filter((one) => one !== text && one !== back)) {
        await wire(other).far.receives("untouched");
        await wire(other).near.receives("answered");
      }
      await until("the offered bytes are counted", async () => {
        const after = await observe(text);
        return after.offeredBytes - before.offeredBytes >= "lost?answer lost?".length;
      });
      await pause(150);
      expect(wire(text).far.text).toBe("");
      expect(wire(back).near.text).toBe("");
      expect((await observe(text)).deliveredBytes).toBe(before.deliveredBytes);
      const sent = "answer on the cut dialler's connectionother way".length;
      await until("the other direction is counted", async () => {
        const after = await observe(back);
        return after.deliveredBytes - backBefore.deliveredBytes === sent;
      });
    };

    /** A fresh connection by `from` brings its bytes to `to` and the answer back. */
    const expectFlows = async (text: string): Promise<void> => {
      const fresh = await open(text);
      fresh.near.send("ping");
      await fresh.far.receives("ping");
      fresh.far.send("pong");
      await fresh.near.receives("pong");
    };

    test("a one-way reset ends the dialler's connections, refuses new ones and discards answers the other way", async () => {
      await mesh.cut([link("n1>n2")], "reset");
      await wire("n1>n2").near.closes();
      await wire("n1>n2").far.closes();
      expect(await attempt("n1>n2")).toBe("refused");
      expect(await attempt("n2>n1")).toBe("accepted");
      expect(await attempt("n1>n3")).toBe("accepted");
      wire("n2>n1").near.send("still flows");
      await wire("n2>n1").far.receives("still flows");
      wire("n2>n1").far.send("discarded");
      await pause(150);
      expect(wire("n2>n1").near.text).toBe("");
      await until("no connection is open", async () => (await observe("n1>n2")).openConnections === 0);
      await mesh.heal([link("n1>n2")]);
      await wire("n2>n1").near.closes();
      expect(wire("n2>n1").near.text).toBe("");
      await expectFlows("n1>n2");
      await expectFlows("n2>n1");
    });

    test.each<readonly [CutMode, CutMode]>([
      ["reset", "reset"],
      ["reset", "drop"],
      ["reset", "stall"],
      ["drop", "reset"],
      ["drop", "drop"],
      ["drop", "stall"],
      ["stall", "reset"],
      ["stall", "drop"],
      ["stall", "stall"],
    ])("with %s one way and %s the other, healing one way leaves the other cut", async (one, other) => {
      await mesh.cut([link("n1>n2")], one);
      await mesh.cut([link("n2>n1")], other);
      expect(await attempt("n1>n2")).toBe(one === "reset" ? "refused" : "accepted");
      expect(await attempt("n2>n1")).toBe(other === "reset" ? "refused" : "accepted");
      await mesh.heal([link("n1>n2")]);
      expect(await attempt("n1>n2")).toBe("accepted");
      expect(await attempt("n2>n1")).toBe(other === "reset" ? "refused" : "accepted");
      // n1 can speak to n2 again, but hears nothing of it: not on its own connections, and not on n2's.
      const fresh = await open("n1>n2");
      fresh.near.send("ping");
      await fresh.far.receives("ping");
      fresh.far.send("pong");
      await pause(100);
      expect(fresh.near.text).toBe("");
      await mesh.heal([link("n2>n1")]);
      if (other === "stall") await fresh.near.receives("pong");
      else await fresh.near.closes();
      await expectFlows("n1>n2");
      await expectFlows("n2>n1");
    });

    test("cutting a cut link is refused and changes nothing", async () => {
      await mesh.cut([link("n1>n2")], "drop");
      await expect(mesh.cut([link("n1>n3"), link("n1>n2")], "reset")).rejects.toThrow("n1>n2 is cut already (drop)");
      expect(await attempt("n1>n3")).toBe("accepted");
      expect(await attempt("n1>n2")).toBe("accepted");
    });

    test("with all link proxies disabled no two nodes exchange a byte, and clients still reach theirs", async () => {
      await mesh.disableAll();
      for (const text of everyLink) {
        await wire(text).near.closes();
        expect(await attempt(text)).toBe("refused");
      }
      const client = await clients.wire(mesh.clientAddress("n1"));
      client.near.send("hello");
      await client.far.receives("hello");
      client.near.socket.destroy();
      await mesh.healEverything();
      for (const text of everyLink) await expectFlows(text);
    });

    test("healEverything undoes cuts of every mode and shapes", async () => {
      await mesh.cut([link("n1>n2")], "reset");
      await mesh.cut([link("n2>n3")], "drop");
      await mesh.cut([link("n3>n1"), link("n1>n3")], "stall");
      await mesh.shape([link("n3>n2")], { latencyMs: 500 });
      await mesh.healEverything();
      for (const text of everyLink) await expectFlows(text);
    });

    test("a shape delays one direction only, and heal takes it away", async () => {
      await mesh.shape([link("n1>n2")], { latencyMs: 600 });
      const started = performance.now();
      wire("n1>n2").near.send("slow");
      await wire("n1>n2").far.receives("slow");
      expect(performance.now() - started).toBeGreaterThanOrEqual(595);
      const answered = performance.now();
      wire("n1>n2").far.send("quick");
      await wire("n1>n2").near.receives("quick");
      expect(performance.now() - answered).toBeLessThan(550);
      await mesh.heal([link("n1>n2")]);
      const again = performance.now();
      wire("n1>n2").near.send("!");
      await wire("n1>n2").far.receives("slow!");
      expect(performance.now() - again).toBeLessThan(550);
    });

    test("remove leaves no proxy behind", async () => {
      const address = mesh.linkAddress(link("n1>n2"));
      await mesh.remove();
      await expect(dial(address)).rejects.toThrow("ECONNREFUSED");
      const answer = await fetch(`${server.api}/proxies`);
      expect(await answer.text()).toBe("{}");
    });
  });
}
