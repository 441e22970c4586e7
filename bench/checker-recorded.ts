// The recorded histories of public projects that are no part of the repository: where their folder is missing, they are not measured.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { MalformedHistory, readHistory } from "../history/index.js";
import type { PeerHistory } from "./checker-peer.js";

const folder = join(import.meta.dirname, "../../shared/histories");

export const haveRecorded = existsSync(folder);
export const etcdNames = Array.from(
  { length: 52 },
  (_, index) => `jepsen-etcd/etcd_${String(index).padStart(3, "0")}.log`,
);
export const kvNames = ["kv/c10-ok.txt", "kv/c10-bad.txt"];

export function recordedHistory(name: string): PeerHistory {
  const document = readHistory(readFileSync(join(folder, name), "utf8"));
  if (document instanceof MalformedHistory) throw document;
  const { operations, model, initial } = document;
  return { operations, model, initial };
}
