// What the kernel says of a process. Linux's /proc only: the local cluster observes, it does not remember.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { readFile } from "node:fs/promises";

/** /proc counts CPU time in hundredths of a second on every Linux (USER_HZ). */
const msPerTick = 10;
const pageBytes = 4096;

export interface ProcessFacts {
  readonly pid: number;
  readonly state: "running" | "paused" | "exited";
  /** Clock ticks since boot; tells two processes with one pid apart. */
  readonly startTime: string;
  readonly cpuTimeMs: number;
  readonly residentBytes: number;
}

/** Null when there is no such process. */
export async function readProcess(pid: number): Promise<ProcessFacts | null> {
  try {
    return parseStat(await readFile(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return null;
  }
}

export function readProcessSync(pid: number): ProcessFacts | null {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return null;
  }
}

/** `man proc_pid_stat`; the name in parentheses may itself hold parentheses and spaces. */
export function parseStat(text: string): ProcessFacts {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const field = (number: number): string => {
    const value = fields[number - 3];
    if (value === undefined) throw new Error(`/proc/<pid>/stat has no field ${number}`);
    return value;
  };
  return {
    pid: Number.parseInt(text, 10),
    state: stateOf(field(3)),
    startTime: field(22),
    cpuTimeMs: (Number(field(14)) + Number(field(15))) * msPerTick,
    residentBytes: Number(field(24)) * pageBytes,
  };
}

function stateOf(letter: string): ProcessFacts["state"] {
  if (letter === "T" || letter === "t") return "paused";
  if (letter === "Z" || letter === "X" || letter === "x") return "exited";
  return "running";
}

/** Processes of this user whose environment holds `name=value`. Others' environments cannot be read and are passed over. */
export function findByEnvironment(name: string, value: string): readonly number[] {
  const wanted = `${name}=${value}`;
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .filter((entry) => environmentOf(entry).includes(wanted))
    .map(Number);
}

function environmentOf(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  } catch {
    return [];
  }
}

export interface TcpSocket {
  readonly state: "listening" | "established" | "other";
  /** As the kernel writes them: hexadecimal, `0100007F` is 127.0.0.1. */
  readonly localHex: string;
  readonly localPort: number;
  readonly remotePort: number;
}

/** TCP sockets of a process, IPv4 and IPv6. */
export function tcpSockets(pid: number): readonly TcpSocket[] {
  const inodes = socketInodes(pid);
  return [`/proc/${pid}/net/tcp`, `/proc/${pid}/net/tcp6`].flatMap((path) => {
    const rows = readFileSync(path, "utf8").trim().split("\n").slice(1);
    return rows.flatMap((row) => {
      const [, local = "", remote = "", state, , , , , , inode = ""] = row.trim().split(/\s+/);
      if (!inodes.has(inode)) return [];
      const [localHex = "", localPort = ""] = local.split(":");
      const [, remotePort = ""] = remote.split(":");
      return {
        state: state === "0A" ? "listening" : state === "01" ? "established" : "other",
        localHex,
        localPort: Number.parseInt(localPort, 16),
        remotePort: Number.parseInt(remotePort, 16),
      } as const;
    });
  });
}

function socketInodes(pid: number): ReadonlySet<string> {
  const inodes = new Set<string>();
  for (const entry of readdirSync(`/proc/${pid}/fd`)) {
    const inode = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${entry}`))?.[1];
    if (inode !== undefined) inodes.add(inode);
  }
  return inodes;
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
