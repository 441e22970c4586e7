// The text of `ss -tineHO`: one line a socket, the kernel's own byte counts among its words.

export interface TcpSocket {
  /** The kernel's cookie where shown (`-e`), else the four-tuple. */
  readonly id: string;
  readonly state: string;
  readonly localHost: string;
  readonly localPort: number;
  readonly peerHost: string;
  readonly peerPort: number;
  /** Bytes that came in, whether or not the program has read them. The peer's FIN is not counted. */
  readonly receivedBytes: number;
  /** Bytes that the peer's kernel has acknowledged. Our FIN is not counted, the SYN of a dialled socket is. */
  readonly ackedBytes: number;
  /** Bytes handed to the network, repetitions included; null: an old kernel. */
  readonly sentBytes: number | null;
  readonly pid: number | null;
}

/** States in which the peer's FIN has arrived; the kernel counts it as one received byte. */
const finReceived: ReadonlySet<string> = new Set(["CLOSE-WAIT", "LAST-ACK", "CLOSING"]);
/** States in which our FIN was acknowledged; the kernel counts it as one acknowledged byte. */
const finAcked: ReadonlySet<string> = new Set(["FIN-WAIT-2"]);

function splitAddress(text: string): { readonly host: string; readonly port: number } | null {
  const match = /^(.*):(\d+)$/.exec(text);
  if (match === null) return null;
  // `[::ffff:127.0.0.1]` is an IPv4 socket in an IPv6 coat; `%eth0` names the interface.
  const host = (match[1] ?? "")
    .replace(/^\[|\]$/g, "")
    .replace(/%.*$/, "")
    .replace(/^::ffff:/, "");
  return { host, port: Number(match[2]) };
}

function parseLine(line: string): TcpSocket | null {
  const words = line.trim().split(/\s+/);
  const [state = "", , , localText = "", peerText = ""] = words;
  const local = splitAddress(localText);
  const peer = splitAddress(peerText);
  if (local === null || peer === null) return null;
  const word = (name: string): string | null => {
    const found = words.find((one) => one.startsWith(`${name}:`));
    return found === undefined ? null : found.slice(name.length + 1);
  };
  const count = (name: string): number => Number(word(name) ?? 0);
  const cookie = word("sk");
  const sent = word("bytes_sent");
  const pid = /pid=(\d+)/.exec(line)?.[1];
  return {
    id: cookie === null ? `${localText}-${peerText}` : `sk:${cookie}`,
    state,
    localHost: local.host,
    localPort: local.port,
    peerHost: peer.host,
    peerPort: peer.port,
    receivedBytes: Math.max(0, count("bytes_received") - (finReceived.has(state) ? 1 : 0)),
    ackedBytes: Math.max(0, count("bytes_acked") - (finAcked.has(state) ? 1 : 0)),
    sentBytes: sent === null ? null : Number(sent),
    pid: pid === undefined ? null : Number(pid),
  };
}

/** Lines that are no TCP sockets are left out. */
export function parseSs(text: string): readonly TcpSocket[] {
  return text.split("\n").flatMap((line) => parseLine(line) ?? []);
}
