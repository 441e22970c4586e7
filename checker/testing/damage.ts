// Damages a file as disks, editors, crashes and other people's tools do: bytes flipped, put in, left out; lines cut, doubled, swapped;
// fields swapped within a line and between lines; words replaced by hostile ones; the end cut off.
import type { Random } from "../../history/index.js";

type Damage = (random: Random, bytes: Buffer) => Buffer;

const hostile: readonly string[] = [
  "nil",
  "null",
  "-1",
  "0",
  "1e999",
  "9007199254740993",
  "-0",
  "00",
  "1.5",
  "1/2",
  "##NaN",
  "true",
  '"',
  '"x',
  "\\",
  "\\u12",
  "{",
  "}",
  "[",
  "]",
  "(",
  "#{",
  "#_",
  "#",
  ":",
  ":info",
  ":timed-out",
  "[1 2]",
  "[1 [2 3]]",
  '{"status":"ok"}',
  "{}",
  "[]",
  ";",
  '"__proto__"',
  '"constructor"',
  '{"__proto__":1}',
  "\u0000",
  "\uFEFF",
  "\u2028",
  "\r",
  "\t",
  "\n",
  "",
  ",",
  "[".repeat(300),
  "#a ".repeat(250),
  "9".repeat(400),
  '"type"',
  ":type",
  ":process",
  ":nemesis",
  ":delete",
  '"delete"',
  '"get"',
  "🦉",
  "\uD800",
];

const word = /"(?:[^"\\\n]|\\.)*"|[^\s,:{}[\]()"]+/g;

function place(random: Random, length: number): number {
  return length === 0 ? 0 : random.integer(0, length - 1);
}

function onLines(change: (random: Random, lines: string[]) => void): Damage {
  return (random, bytes) => {
    // latin1 keeps every byte as it is.
    const lines = bytes.toString("latin1").split("\n");
    change(random, lines);
    return Buffer.from(lines.join("\n"), "latin1");
  };
}

function wordsOf(text: string): { readonly at: number; readonly text: string }[] {
  return [...text.matchAll(word)].map((match) => ({ at: match.index, text: match[0] }));
}

function replaceAt(text: string, at: number, length: number, by: string): string {
  return text.slice(0, at) + by + text.slice(at + length);
}

const damages: readonly (readonly [Damage, number])[] = [
  [
    (random, bytes) => {
      const copy = Buffer.from(bytes);
      const at = place(random, copy.length);
      copy[at] = (copy[at] ?? 0) ^ (1 << random.integer(0, 7));
      return copy;
    },
    4,
  ],
  [
    (random, bytes) => {
      const copy = Buffer.from(bytes);
      copy[place(random, copy.length)] = random.integer(0, 255);
      return copy;
    },
    2,
  ],
  [
    (random, bytes) => {
      const at = place(random, bytes.length);
      return Buffer.concat([bytes.subarray(0, at), Buffer.from([random.integer(0, 255)]), bytes.subarray(at)]);
    },
    1,
  ],
  [
    (random, bytes) => {
      const at = place(random, bytes.length);
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + random.integer(1, 20))]);
    },
    2,
  ],
  [(random, bytes) => bytes.subarray(0, place(random, bytes.length + 1)), 1],
  [onLines((random, lines) => void lines.splice(place(random, lines.length), random.integer(1, 2))), 3],
  [onLines((random, lines) => void lines.splice(place(random, lines.length), 0, random.pick(lines))), 2],
  [
    onLines((random, lines) => {
      const one = place(random, lines.length);
      const other = place(random, lines.length);
      [lines[one], lines[other]] = [lines[other] ?? "", lines[one] ?? ""];
    }),
    3,
  ],
  [
    onLines((random, lines) => {
      const at = place(random, lines.length);
      const line = lines[at] ?? "";
      lines.splice(at, 1, line.slice(0, place(random, line.length + 1)));
    }),
    2,
  ],
  [
    // Another digit: mostly still a history, of something else.
    (random, bytes) => {
      const copy = Buffer.from(bytes);
      const digits = [...copy.keys()].filter((at) => /\d/.test(String.fromCharCode(copy[at] ?? 0)));
      if (digits.length > 0) copy[random.pick(digits)] = 0x30 + random.integer(0, 9);
      return copy;
    },
    8,
  ],
  [
    // Two words of one line change places.
    onLines((random, lines) => {
      const at = place(random, lines.length);
      const line = lines[at] ?? "";
      const words = wordsOf(line);
      if (words.length < 2) return;
      const [first, second] = random
        .shuffle(words)
        .slice(0, 2)
        .sort((left, right) => left.at - right.at);
      if (first === undefined || second === undefined) return;
      const half = replaceAt(line, second.at, second.text.length, first.text);
      lines[at] = replaceAt(half, first.at, first.text.length, second.text);
    }),
    5,
  ],
  [
    // A word of one line comes to stand in another.
    onLines((random, lines) => {
      const at = place(random, lines.length);
      const line = lines[at] ?? "";
      const words = wordsOf(line);
      const others = wordsOf(random.pick(lines));
      if (words.length === 0 || others.length === 0) return;
      const target = random.pick(words);
      lines[at] = replaceAt(line, target.at, target.text.length, random.pick(others).text);
    }),
    5,
  ],
  [
    (random, bytes) => {
      const text = bytes.toString("latin1");
      const words = wordsOf(text);
      const by = Buffer.from(random.pick(hostile)).toString("latin1");
      const target = words.length === 0 ? { at: 0, text: "" } : random.pick(words);
      return Buffer.from(replaceAt(text, target.at, target.text.length, by), "latin1");
    },
    4,
  ],
  [(_, bytes) => Buffer.from(bytes.toString("latin1").replaceAll("\n", "\r\n"), "latin1"), 0.2],
];

/** One to four damages, one after the other. */
export function damage(random: Random, file: string): Buffer {
  let bytes: Buffer = Buffer.from(file);
  for (
    let count = random.pickWeighted([
      [1, 5],
      [2, 3],
      [3, 1],
      [4, 1],
    ]);
    count > 0;
    count--
  )
    bytes = random.pickWeighted(damages)(random, bytes);
  return bytes;
}
