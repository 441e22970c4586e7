// Shows that the bytes kept beside a list of commands never outlive the list's content, and that damaged bytes are refused.
import { describe, expect, it } from "vitest";

import type { Command } from "../core/interface.js";
import { BytesError } from "./bytes.js";
import { decodeCommands, encodeCommands } from "./command-codec.js";
import { decodeOperations, encodeOperations, replay } from "./replay.js";
import { CorruptLogError } from "./wal.js";

const put = (value: string): Command => ({
  type: "operation",
  session: 1,
  number: 2,
  acknowledgedBelow: 1,
  operation: { function: "put", key: "k", value },
  waiter: { origin: 1 as never, incarnation: 1, connection: 1, id: 1 },
});

describe("a list of commands", () => {
  it("is encoded once, and what was received is written as it came", () => {
    const commands = [put("a")];
    const bytes = encodeCommands(commands);
    expect(encodeCommands(commands)).toBe(bytes);
    const received = decodeCommands(bytes);
    expect(received).toEqual(commands);
    expect(encodeCommands(received)).toBe(bytes);
  });

  it("that has grown since is encoded anew", () => {
    const commands = [put("a")];
    encodeCommands(commands);
    commands.push(put("b"));
    expect(decodeCommands(encodeCommands(commands))).toEqual([put("a"), put("b")]);
  });

  it("cut short at any byte, or with bytes behind it, is refused", () => {
    const bytes = encodeCommands([put("a"), { type: "noop" }]);
    for (let length = 0; length < bytes.length; length++)
      expect(() => decodeCommands(bytes.subarray(0, length)), `cut at ${length}`).toThrow(BytesError);
    expect(() => decodeCommands(Buffer.concat([bytes, Buffer.alloc(1)]))).toThrow("bytes behind the last command");
  });
});

describe("storage operations", () => {
  const ballot = { number: 1, priority: 0, node: 2 as never };

  it("survive encoding and add up to the durable state", () => {
    const first = encodeOperations([
      { type: "promised", ballot },
      { type: "append", index: 0, commands: [put("a"), put("b"), put("c")] },
    ]);
    const second = encodeOperations([
      { type: "truncate", length: 1 },
      { type: "append", index: 1, commands: [put("d")] },
      { type: "accepted", ballot },
      { type: "decided", length: 2 },
    ]);
    expect(decodeOperations(second)[1]).toEqual({ type: "append", index: 1, commands: [put("d")] });
    expect(replay([first, second])).toEqual({
      table: null,
      promised: ballot,
      accepted: ballot,
      log: [put("a"), put("d")],
      decided: 2,
    });
  });

  it("that contradict what is there are corruption", () => {
    const gap = encodeOperations([{ type: "append", index: 1, commands: [put("a")] }]);
    expect(() => replay([gap])).toThrow("an append at 1 to a log of 0 entries");
    const beyond = encodeOperations([{ type: "decided", length: 1 }]);
    expect(() => replay([beyond])).toThrow("the decided length is beyond the log");
    const decided = encodeOperations([
      { type: "append", index: 0, commands: [put("a")] },
      { type: "decided", length: 1 },
      { type: "truncate", length: 0 },
    ]);
    expect(() => replay([decided])).toThrow(CorruptLogError);
  });
});
