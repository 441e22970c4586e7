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
  /**
   * Bytes handed to the network, repetitions not counted. Not those acknowledged: these lag behind by the receiver's delayed
   * acknowledgement, 40 ms and more. (A kernel older than 4.19 tells only those; there a dialled socket's SYN counts as one.)
   */
  readonly sentBytes: number;
  readonly pid: number | null;
}

/** States in which the peer's FIN has arrived; the kernel counts it as one received byte. */
const finReceived: ReadonlySet<string> = new Set(["CLOSE-WAIT", "LAST-ACK", "CLOSING"]);

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
  // Left out by ss when it is 0; then nothing but a SYN can have been acknowledged either.
  const sent = word("bytes_sent") ?? (count("bytes_acked") <= 1 ? "0" : null);
  const pid = /pid=(\d+)/.exec(line)?.[1];
  return {
    id: cookie === null ? `${localText}-${peerText}` : `sk:${cookie}`,
    state,
    localHost: local.host,
    localPort: local.port,
    peerHost: peer.host,
    peerPort: peer.port,
    receivedBytes: Math.max(0, count("bytes_received") - (finReceived.has(state) ? 1 : 0)),
    sentBytes: sent === null ? count("bytes_acked") : Math.max(0, Number(sent) - count("bytes_retrans")),
    pid: pid === undefined ? null : Number(pid),
  };
}

/** Lines that are no TCP sockets are left out. */
export function parseSs(text: string): readonly TcpSocket[] {
  return text.split("\n").flatMap((line) => parseLine(line) ?? []);
}
