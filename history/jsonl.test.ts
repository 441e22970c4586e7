// Reading history.jsonl: what a healthy file gives, what a file cut short gives, and the message for each kind of bad line.
import { describe, expect, test } from "vitest";
import { formatEvent } from "./jsonl.js";
import { MalformedHistory } from "./malformed.js";
import { readHistory } from "./read-history.js";

const header =
  '{"type":"header","format":"minos-history","version":1,"model":"cas-register","initial":null,"keyed":true,' +
  '"clock":{"unit":"ns","origin":"run-start"},"plan":"p","run":"r","build":null,"concurrency":3,"startedAt":"now"}';
const call =
  '{"type":"invoke","time":5,"process":0,"thread":0,"node":"n1","function":"put","key":"k","input":1,"colour":"red"}';
const answer = '{"type":"ok","time":9,"process":0,"function":"put","key":"k","output":null}';

function read(...lines: readonly string[]) {
  return readHistory(lines.map((line) => `${line}\n`).join(""));
}

function malformed(text: string): MalformedHistory {
  const result = readHistory(text);
  if (result instanceof MalformedHistory) return result;
  throw new Error("it was read");
}

describe("history.jsonl", () => {
  test("header, events and operations come back, unknown fields too", () => {
    const document = read(header, call, answer);
    if (document instanceof MalformedHistory) throw document;
    expect(document.format).toBe("jsonl");
    expect(document.model).toBe("cas-register");
    expect(document.events[1]).toMatchObject({ colour: "red" });
    expect(document.events.map((event) => formatEvent(event)).join("")).toBe(`${header}\n${call}\n${answer}\n`);
    expect(document.operations).toEqual([
      {
        index: 0,
        process: 0,
        function: "put",
        key: "k",
        input: 1,
        output: null,
        outcome: "ok",
        error: null,
        callNs: 5,
        returnNs: 9,
        node: "n1",
        callEvent: 1,
        returnEvent: 2,
      },
    ]);
  });

  test("a torn last line is dropped and reported, wherever it was cut", () => {
    for (let length = 1; length <= answer.length; length++) {
      const document = readHistory(`${header}\n${call}\n${answer.slice(0, length)}`);
      if (document instanceof MalformedHistory) throw document;
      expect(document.torn).toEqual({ line: 3, text: answer.slice(0, length) });
      expect(document.warnings).toHaveLength(1);
      // Even a line that parses is not taken without its newline: the answer may have been cut ("output":1 of 12).
      expect(document.operations[0]?.outcome).toBe("info");
    }
  });

  test("an empty file and a torn header say so", () => {
    expect(malformed("").message).toMatch(/found nothing/);
    expect(malformed(header.slice(0, 30)).message).toMatch(/header on the first line is torn/);
  });

  test.each([
    ["a line that is no JSON", [header, call, '{"type":"ok",,}'], 3, /expected one JSON object/],
    ["a line that is no object", [header, "[1]"], 2, /expected a JSON object/],
    ["an empty line", [header, "", call], 2, /an empty line/],
    ["no header", [call], 1, /expected a header/],
    ["a second header", [header, header], 2, /a second header/],
    ["a version of the future", [header.replace('"version":1', '"version":2')], 1, /version 2/],
    ["an unknown type", [header, '{"type":"maybe","time":1}'], 2, /"type" to be one of invoke/],
    [
      "a missing field",
      [header, '{"type":"invoke","time":1,"process":0}'],
      2,
      /needs an integer as "thread", found nothing/,
    ],
    ["a time that is no integer", [header, call.replace("5", "5.5")], 2, /"time", found 5.5/],
    ["a type that only every object has", [header, call.replace('"invoke"', '"constructor"')], 2, /one of invoke/],
    ["a field given twice", [header, call.replace('"process"', '"time"')], 2, /field "time" is given twice/],
    [
      "a number that no double holds",
      [header, call.replace('"input":1', '"input":9007199254740993')],
      2,
      /held exactly/,
    ],
    ["a number beyond all doubles", [header, call.replace('"input":1', '"input":1e999')], 2, /held exactly/],
    [
      "endless nesting",
      [header, call.replace('"input":1', `"input":${"[".repeat(5000)}${"]".repeat(5000)}`)],
      2,
      /deeper/,
    ],
    ["time running backwards", [header, call, answer.replace("9", "4")], 3, /time runs backwards, from 5 to 4/],
    ["an answer without a call", [header, answer], 2, /never called/],
    ["a call of a busy process", [header, call, call], 3, /is still open/],
  ] as const)("%s is malformed, with its line", (_, lines, line, message) => {
    const error = malformed(lines.map((text) => `${text}\n`).join(""));
    expect(error.line).toBe(line);
    expect(error.message).toMatch(message);
    expect(error.kind).toBe("malformed");
  });

  test("the column of a bad line is that of the first bad character", () => {
    const column = (line: string) => malformed(`${header}\n${line}\n`).column;
    expect(column('{"type": x}')).toBe(10);
    expect(column('{"a":[1,{"b":"c\\n"},2,]}')).toBe(23);
    expect(column('{"a":1} {')).toBe(9);
    expect(column('{"a":1')).toBe(7);
    expect(column('{"a" 1}')).toBe(6);
    expect(column("{'a':1}")).toBe(2);
    expect(column('{"type":"invoke","time":1, "process": "x"}')).toBe(39);
    expect(column('{"type":"invoke","time":"soon"}')).toBe(25);
  });
});
