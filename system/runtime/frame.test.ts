// Shows that frames and messages come out as they went in, however TCP cuts the stream, and that any damage ends the stream.
import { describe, expect, it } from "vitest";

import { nodeId } from "../core/interface.js";
import type { ClientRequest, ClientResponse, Command } from "../core/interface.js";
import type { PeerMessage } from "../core/messages.js";
import { crc32c } from "./crc32c.js";
import { encodeFrame, FrameError, FrameReader } from "./frame.js";
import { decodeRequest, decodeResponse, encodeRequest, encodeResponse, peekResponse } from "./client-codec.js";
import { decodeGreeting, encodeGreeting, MessageDecoder, MessageEncoder } from "./wire.js";

const bodyOf = (frame: Buffer): Buffer => frame.subarray(8);

describe("crc32c", () => {
  it("has the check values of RFC 3720", () => {
    expect(crc32c(Buffer.from("123456789"))).toBe(0xe3069283);
    expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
    expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43);
  });

  it("continues from the checksum of what came before, at any cut", () => {
    const bytes = Buffer.from(Array.from({ length: 53 }, (_, index) => (index * 37) & 0xff));
    for (let cut = 0; cut <= bytes.length; cut++)
      expect(crc32c(bytes, cut, bytes.length, crc32c(bytes, 0, cut))).toBe(crc32c(bytes));
  });
});

describe("frames", () => {
  const payloads = [Buffer.from("a"), Buffer.alloc(0), Buffer.alloc(300, 7), Buffer.from("the end")];
  const stream = Buffer.concat(payloads.map(encodeFrame));

  it("come out whole whatever the size of the chunks", () => {
    for (let size = 1; size <= stream.length; size++) {
      const reader = new FrameReader();
      const read: string[] = [];
      for (let at = 0; at < stream.length; at += size)
        for (const payload of reader.push(stream.subarray(at, at + size))) read.push(payload.toString("hex"));
      expect(read).toEqual(payloads.map((payload) => payload.toString("hex")));
    }
  });

  it("with any single flipped bit are refused or incomplete, never read as something else", () => {
    const frame = encodeFrame(Buffer.from("payload"));
    for (let bit = 0; bit < frame.length * 8; bit++) {
      const damaged = Buffer.from(frame);
      damaged.writeUInt8(damaged.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      let read: readonly Buffer[] = [];
      try {
        read = new FrameReader(1024).push(damaged);
      } catch (error) {
        expect(error).toBeInstanceOf(FrameError);
      }
      expect(read).toEqual([]);
    }
  });

  it("longer than the limit are refused by their header alone", () => {
    expect(() => new FrameReader(10).push(encodeFrame(Buffer.alloc(11)).subarray(0, 8))).toThrow(
      "at most 10 are taken",
    );
  });
});

describe("messages between nodes", () => {
  const ballot = { number: 3, priority: 0, node: nodeId(2) };
  const waiter = { origin: nodeId(1), incarnation: 2 ** 33, connection: 200, id: Number.MAX_SAFE_INTEGER };
  const common = { type: "operation", session: 5, number: 300, acknowledgedBelow: 299, waiter } as const;
  const commands: readonly Command[] = [
    { type: "noop" },
    { type: "open-session", waiter },
    { ...common, operation: { function: "get", key: "" } },
    { ...common, operation: { function: "put", key: "schlüssel", value: "鍵".repeat(50) } },
    { ...common, operation: { function: "put", key: "k", value: -1.5 } },
    { ...common, operation: { function: "cas", key: "k", expected: null, new: true } },
    { ...common, operation: { function: "cas", key: "k", expected: false, new: "x".repeat(40) } },
  ];
  const messages: readonly PeerMessage[] = [
    { type: "HeartbeatReq", round: 1 },
    {
      type: "Boot",
      table: {
        clusterId: "c",
        replication: 1,
        groups: [[nodeId(1)]],
        identities: new Map([[nodeId(1), "identity"]]),
      },
    },
    { type: "HeartbeatResp", round: 1, ballot, leader: ballot, happy: true },
    { type: "Accept", ballot, session: 1, counter: 2, commands },
    { type: "Accept", ballot, session: 1, counter: 3, commands: [] },
    { type: "AcceptSync", ballot, session: 1, base: 4, suffix: commands, decided: 3, part: 0, last: true },
  ];

  it("survive encoding, the table's map included, over many frames of one connection", () => {
    const encoder = new MessageEncoder();
    const decoder = new MessageDecoder();
    for (let round = 0; round < 100; round++)
      expect(decoder.decode(bodyOf(encoder.encode(messages)))).toEqual(messages);
  });

  it("need a fresh decoder for a fresh connection, since record definitions travel once", () => {
    const first = new MessageEncoder();
    first.encode(messages);
    const second = new MessageDecoder();
    let decoded: unknown = null;
    try {
      decoded = second.decode(bodyOf(first.encode(messages)));
    } catch {
      // Refusing is as good: it must only not be taken for the message.
    }
    expect(decoded).not.toEqual(messages);
  });

  it("that are no list are refused", () => {
    expect(() => new MessageDecoder().decode(Buffer.from([0x01]))).toThrow("not a list of messages");
  });
});

describe("greetings", () => {
  const hello = {
    cluster: "c",
    configuration: "n1,n2/2",
    node: nodeId(1),
    identity: "i",
    incarnation: 2,
    connection: 3,
  };

  it("survive encoding", () => {
    expect(decodeGreeting(bodyOf(encodeGreeting({ type: "Hello", hello })))).toEqual({ type: "Hello", hello });
  });

  it("with a field missing are none", () => {
    for (const field of Object.keys(hello)) {
      const damaged = { type: "Hello", hello: { ...hello, [field]: undefined } } as never;
      expect(decodeGreeting(bodyOf(encodeGreeting(damaged))), field).toBeNull();
    }
  });
});

describe("client messages", () => {
  const requests: readonly ClientRequest[] = [
    { type: "hello", id: 1 },
    { type: "open-session", id: 2, group: 1 },
    operationRequest({ function: "get", key: "k" }),
    operationRequest({ function: "put", key: "k", value: "v" }),
    operationRequest({ function: "cas", key: "k", expected: null, new: 1.5 }),
  ];

  it("survive encoding", () => {
    for (const request of requests) expect(decodeRequest(bodyOf(encodeRequest(request)))).toEqual(request);
  });

  it("with a value or key that is too long or no number are refused", () => {
    const wrong: readonly ClientRequest[] = [
      operationRequest({ function: "put", key: "k", value: "x".repeat(70_000) }),
      operationRequest({ function: "put", key: "k", value: NaN }),
      operationRequest({ function: "get", key: "x".repeat(70_000) }),
      operationRequest({ function: "cas", key: "k", expected: 1, new: Infinity }),
    ];
    for (const request of wrong) expect(decodeRequest(bodyOf(encodeRequest(request)))).toBeNull();
  });

  it("cut short at any byte, or followed by another, are refused", () => {
    for (const request of requests) {
      const payload = bodyOf(encodeRequest(request));
      for (let length = 0; length < payload.length; length++)
        expect(decodeRequest(payload.subarray(0, length)), `${request.type} cut at ${length}`).toBeNull();
      expect(decodeRequest(Buffer.concat([payload, Buffer.alloc(1)]))).toBeNull();
    }
  });

  it("of unknown kinds are refused", () => {
    for (const bytes of [[3, 1], [255], [2, 1, 0, 1, 1, 1, 9], [2, 1, 0, 1, 1, 1, 0, 0, 0, 0, 0]])
      expect(decodeRequest(Buffer.from(bytes))).toBeNull();
  });

  it("in the other direction tell kind and id without being parsed", () => {
    const response: ClientResponse = {
      type: "result",
      id: 2 ** 40 + 7,
      result: { function: "put", previous: null, index: 4 },
    };
    const payload = bodyOf(encodeResponse(response));
    expect(peekResponse(payload)).toEqual({ kind: "result", id: 2 ** 40 + 7 });
    expect(decodeResponse(payload)).toEqual(response);
    expect(peekResponse(payload.subarray(0, 5))).toBeNull();
    payload.writeUInt8(3, 0);
    expect(decodeResponse(payload), "prefix and body contradict each other").toBeNull();
  });
});

function operationRequest(operation: Extract<ClientRequest, { type: "operation" }>["operation"]): ClientRequest {
  return { type: "operation", id: 3, group: 0, session: 5, number: 1, acknowledgedBelow: 1, operation };
}
