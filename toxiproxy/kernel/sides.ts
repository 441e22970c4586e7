// A real Toxiproxy's sockets, sorted: the accepted one of each connection says by its listen address which proxy it belongs
// to; the dialled one says only which node it leads to, for all proxies to a node dial the same address.
import type { MeshView } from "../counter-source.js";
import type { Address, MeshProxy } from "../types.js";
import type { TcpSocket } from "./ss.js";

/** Cumulative bytes of one connection's socket, by the direction in which they travel. */
export interface SideBytes {
  readonly open: boolean;
  /** Accepted socket: offered by the dialler. Dialled socket: delivered to the target. */
  readonly upstreamBytes: number;
  /** Accepted socket: delivered to the dialler. Dialled socket: offered by the target. */
  readonly downstreamBytes: number;
}

export interface AcceptedSide extends SideBytes {
  readonly id: string;
  readonly proxy: string;
}

export interface DialledSide extends SideBytes {
  readonly id: string;
  readonly target: string;
}

export interface Sides {
  readonly accepted: readonly AcceptedSide[];
  readonly dialled: readonly DialledSide[];
}

const wildcards: ReadonlySet<string> = new Set(["0.0.0.0", "::", ""]);
const looksLikeIp = (host: string): boolean => /^[0-9.]+$/.test(host) || host.includes(":");

/** A listen address or upstream against a socket's end. Names are taken for any host: the port has to tell. */
function isAt(address: Address, host: string, port: number): boolean {
  if (address.port !== port) return false;
  return address.host === host || wildcards.has(address.host) || !looksLikeIp(address.host);
}

/** Which node a link proxy leads to. */
export function targetOf(proxy: MeshProxy): string {
  return proxy.role.kind === "link" ? proxy.role.to : "";
}

export function sortSides(view: MeshView, sockets: readonly TcpSocket[]): Sides {
  const accepted: AcceptedSide[] = [];
  const dialled: DialledSide[] = [];
  for (const socket of sockets) {
    const open = socket.state === "ESTAB";
    const owner = view.links.find(({ listen }) => isAt(listen, socket.localHost, socket.localPort));
    if (owner !== undefined) {
      const { id, receivedBytes, sentBytes } = socket;
      accepted.push({ id, open, proxy: owner.name, upstreamBytes: receivedBytes, downstreamBytes: sentBytes });
      continue;
    }
    const toward = view.links.find(({ upstream }) => isAt(upstream, socket.peerHost, socket.peerPort));
    if (toward === undefined || socket.state === "SYN-SENT") continue;
    dialled.push({
      id: socket.id,
      open,
      target: targetOf(toward),
      upstreamBytes: socket.sentBytes,
      downstreamBytes: socket.receivedBytes,
    });
  }
  return { accepted, dialled };
}
