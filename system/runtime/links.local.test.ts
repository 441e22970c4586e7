// Shows the links between nodes on real sockets: one connection of each peer counts, by rank and not by order of arrival; a lost
// one is dialled again; strangers, wiped disks and damaged frames are refused; a queue that overflows ends the connection.
import * as net from "node:net";
import { afterEach, describe, expect, it } from "vitest";

import { eventually } from "../../bench/eventually.js";
import { nodeId } from "../core/interface.js";
import type { NodeId } from "../core/interface.js";
import type { Hello } from "../core/link.js";
import type { PeerMessage } from "../core/messages.js";
import { encodeFrame, FrameReader } from "./frame.js";
import { InboundLinks } from "./inbound-links.js";
import { OutboundLink } from "./outbound-link.js";
import { decodeGreeting, encodeGreeting, MessageDecoder, MessageEncoder } from "./wire.js";
import type { Greeting } from "./wire.js";

const sender = nodeId(1);
const receiver = nodeId(2);
const nodes = [sender, receiver];
const common = { cluster: "c", configuration: "n1,n2/2" };
const helloOf = (incarnation: number, connection: number): Hello => ({
  ...common,
  node: sender,
  identity: "i",
  incarnation,
  connection,
});
const heartbeat = (round: number): PeerMessage => ({ type: "HeartbeatReq", round });

const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0).reverse()) cleanUp();
});

/** The receiving node, with what it was told. */
class Receiver {
  readonly heard: string[] = [];
  readonly logged: string[] = [];
  identity: string | null = null;
  readonly links: InboundLinks;
  port = 0;

  private constructor() {
    this.links = new InboundLinks(
      { ...common, self: receiver, nodes, incarnation: 1 },
      {
        identityOf: () => this.identity,
        link: (peer: NodeId, up) => this.heard.push(`${up ? "up" : "down"} ${peer}`),
        messages: (_peer, messages) => {
          for (const message of messages) this.heard.push(message.type === "HeartbeatReq" ? `${message.round}` : "?");
        },
        log: (event) => this.logged.push(event),
      },
    );
  }

  static async listen(port = 0): Promise<Receiver> {
    const made = new Receiver();
    const free = port === 0 ? await freePort() : port;
    await made.links.listen({ host: "127.0.0.1", port: free });
    made.port = free;
    cleanUps.push(() => made.links.stop());
    return made;
  }
}

/** A connection to the receiver in the test's own hands. */
class Dialler {
  readonly greetings: Greeting[] = [];
  closed = false;
  readonly #encoder = new MessageEncoder();

  private constructor(readonly socket: net.Socket) {
    const reader = new FrameReader();
    socket.on("data", (chunk: Buffer) => {
      for (const payload of reader.push(chunk)) {
        const greeting = decodeGreeting(payload);
        if (greeting !== null) this.greetings.push(greeting);
      }
    });
    socket.on("error", () => undefined);
    socket.once("close", () => {
      this.closed = true;
    });
    cleanUps.push(() => socket.destroy());
  }

  static async dial(port: number): Promise<Dialler> {
    const socket = net.connect(port, "127.0.0.1");
    await new Promise((resolve) => socket.once("connect", resolve));
    return new Dialler(socket);
  }

  static async greet(port: number, hello: Hello): Promise<Dialler> {
    const dialler = await Dialler.dial(port);
    dialler.socket.write(encodeGreeting({ type: "Hello", hello }));
    await eventually("an answer to the Hello", async () => dialler.greetings[0] ?? null);
    return dialler;
  }

  send(...rounds: readonly number[]): void {
    this.socket.write(this.#encoder.encode(rounds.map(heartbeat)));
  }
}

async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function heard(node: Receiver, what: readonly string[]): Promise<void> {
  await eventually(`heard ${what.join(", ")}`, async () => (node.heard.length >= what.length ? true : null));
  expect(node.heard).toEqual(what);
}

describe("an inbound link", () => {
  it("hears the newest connection only, and discards what a superseded one still sends", async () => {
    const node = await Receiver.listen();
    const old = await Dialler.greet(node.port, helloOf(1, 1));
    old.send(1);
    await heard(node, ["up 1", "1"]);
    const young = await Dialler.greet(node.port, helloOf(1, 2));
    expect(young.greetings).toEqual([{ type: "Welcome", node: 2, incarnation: 1 }]);
    old.send(2);
    young.send(3);
    await heard(node, ["up 1", "1", "down 1", "up 1", "3"]);
    await eventually("the superseded connection is closed", async () => (old.closed ? true : null));
  });

  it("refuses a connection that arrives late but ranks lower, and keeps the newer one", async () => {
    const node = await Receiver.listen();
    const young = await Dialler.greet(node.port, helloOf(2, 1));
    for (const stale of [helloOf(1, 50), helloOf(2, 1)]) {
      const late = await Dialler.greet(node.port, stale);
      expect(late.greetings).toEqual([{ type: "Refused", reason: "superseded-connection", final: false }]);
      late.send(99);
    }
    young.send(1);
    await heard(node, ["up 1", "1"]);
  });

  it("refuses a wiped disk for good, also when it is connected before its identity is known", async () => {
    const node = await Receiver.listen();
    const early = await Dialler.greet(node.port, helloOf(1, 1));
    node.identity = "another";
    node.links.identitiesKnown();
    await eventually("the connection is closed", async () => (early.closed ? true : null));
    const again = await Dialler.greet(node.port, helloOf(2, 1));
    expect(again.greetings).toEqual([{ type: "Refused", reason: "wrong-identity", final: true }]);
    again.send(1);
    await heard(node, ["up 1", "down 1"]);
    expect(node.logged).toContain("refused-peer");
  });

  it("ends a connection with a damaged frame, or one that begins with anything but a Hello", async () => {
    const node = await Receiver.listen();
    const damaged = await Dialler.greet(node.port, helloOf(1, 1));
    const frame = encodeFrame(Buffer.from("nonsense"));
    frame.writeUInt8(frame.readUInt8(9) ^ 1, 9);
    damaged.socket.write(frame);
    await eventually("it is closed", async () => (damaged.closed ? true : null));
    await heard(node, ["up 1", "down 1"]);
    const mute = await Dialler.dial(node.port);
    mute.send(1);
    await eventually("it is closed", async () => (mute.closed ? true : null));
    expect(node.heard).toEqual(["up 1", "down 1"]);
  });
});

describe("an outbound link", () => {
  function dial(port: number): { link: OutboundLink; heard: string[]; logged: string[] } {
    const heard: string[] = [];
    const logged: string[] = [];
    const link = new OutboundLink(
      { host: "127.0.0.1", port },
      { ...common, node: sender, identity: "i", incarnation: 4 },
      { link: (up) => heard.push(up ? "up" : "down"), log: (event) => logged.push(event) },
    );
    cleanUps.push(() => link.stop());
    link.start();
    return { link, heard, logged };
  }

  it("dials until somebody listens, says up when welcomed, and dials again with a greater number when it is lost", async () => {
    const port = await freePort();
    const { link, heard } = dial(port);
    link.send([heartbeat(0)]);
    const node = await Receiver.listen(port);
    await eventually("welcomed", async () => (link.up ? true : null));
    expect(heard).toEqual(["up"]);
    link.send([heartbeat(1), heartbeat(2)]);
    await eventually("heard both", async () => (node.heard.length === 3 ? true : null));
    // What was sent while there was no connection is gone: the protocol asks again.
    expect(node.heard).toEqual(["up 1", "1", "2"]);
    expect(link.counters.dropped).toBe(1);
    node.links.stop();
    await eventually("down", async () => (heard.length === 2 ? true : null));
    const again = await Receiver.listen(port);
    await eventually("up again", async () => (heard.length === 3 ? true : null));
    expect(heard).toEqual(["up", "down", "up"]);
    expect(link.counters.connections).toBeGreaterThanOrEqual(2);
    expect(again.heard).toEqual(["up 1"]);
  });

  it("is refused for good by a node that knows it under another identity, and dials no more", async () => {
    const node = await Receiver.listen();
    node.identity = "another";
    const { link, heard, logged } = dial(node.port);
    await eventually("refused", async () => (link.refused ? true : null));
    expect(logged).toEqual(["refused-for-good"]);
    expect(heard).toEqual([]);
    const { connections } = link.counters;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(link.counters.connections).toBe(connections);
  });

  it("whose peer does not read ends the connection when its queue is full, and starts afresh", async () => {
    // Reads the greeting, welcomes, and then nothing more.
    const hellos: number[] = [];
    const server = net.createServer((socket) => {
      const reader = new FrameReader();
      socket.on("error", () => undefined);
      socket.on("data", (chunk: Buffer) => {
        const greeting = decodeGreeting(reader.push(chunk)[0] ?? Buffer.alloc(0));
        if (greeting?.type === "Hello") hellos.push(greeting.hello.connection);
        socket.pause();
        socket.write(encodeGreeting({ type: "Welcome", node: 2, incarnation: 1 }));
      });
      cleanUps.push(() => socket.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    cleanUps.push(() => server.close());
    const { link, heard, logged } = dial((server.address() as net.AddressInfo).port);
    await eventually("welcomed", async () => (link.up ? true : null));
    const large: PeerMessage = { type: "CheckIn", identity: "x".repeat(1024 * 1024) } as PeerMessage;
    for (let count = 0; count < 60 && link.counters.overflows === 0; count++) link.send([large]);
    expect(link.counters.overflows).toBe(1);
    expect(link.counters.frames).toBeGreaterThan(30);
    expect(logged).toEqual(["send-queue-overflow"]);
    await eventually("up again", async () => (heard.length === 3 ? true : null));
    expect(heard).toEqual(["up", "down", "up"]);
    expect(hellos).toEqual([1, 2]);
  });

  it("encodes afresh on each connection, so that the new one can be read from its first frame", async () => {
    const port = await freePort();
    const { link } = dial(port);
    for (let round = 1; round <= 2; round++) {
      const received: PeerMessage[] = [];
      const sockets: net.Socket[] = [];
      const server = net.createServer((socket) => {
        sockets.push(socket);
        const reader = new FrameReader();
        const decoder = new MessageDecoder();
        let greeted = false;
        socket.on("error", () => undefined);
        socket.on("data", (chunk: Buffer) => {
          for (const payload of reader.push(chunk)) {
            if (greeted) received.push(...decoder.decode(payload));
            else socket.write(encodeGreeting({ type: "Welcome", node: 2, incarnation: 1 }));
            greeted = true;
          }
        });
      });
      await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
      await eventually("welcomed", async () => (link.up ? true : null));
      link.send([heartbeat(round)]);
      await eventually("received", async () => (received.length > 0 ? true : null));
      expect(received).toEqual([heartbeat(round)]);
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      await eventually("down", async () => (link.up ? null : true));
    }
  });
});
