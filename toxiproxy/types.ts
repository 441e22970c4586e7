// The values that this room hands out. Node names are plain strings here: the room knows no other room of ours. Where a caller
// has a branded name, the generic parameter `Node` carries it through, so that what comes back fits the caller's own types.

export type Stream = "upstream" | "downstream";

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Bytes that `from` sends to `to`, whoever dialled. */
export interface Link<Node extends string = string> {
  readonly from: Node;
  readonly to: Node;
}

/**
 * `reset`: connections that `from` dialled end (FIN), new ones are refused; `to`'s own connections live, but answers on them
 * are discarded. `drop`: bytes are discarded, connections that lost bytes die at heal. `stall`: bytes are kept and
 * delivered late at heal.
 */
export type CutMode = "reset" | "drop" | "stall";

export interface LinkShape {
  readonly latencyMs?: number;
  readonly jitterMs?: number;
  readonly bandwidthKbPerS?: number;
  /** Bytes go on in pieces of so many at the most, `pauseMs` after one another. */
  readonly slicing?: { readonly pieceBytes: number; readonly pauseMs: number };
  /** Each connection ends after so many bytes of one stream. */
  readonly limitBytes?: number;
  /** Each connection is reset so many milliseconds after data arrived on it (with a FIN where it was open before); no byte comes through. */
  readonly resetAfterMs?: number;
  /** The end of each connection reaches the other side so many milliseconds late. */
  readonly closeAfterMs?: number;
}

/**
 * How sure a link's delivered bytes are. `exact`: every connection's two sockets are known to belong together (the built-in
 * server always knows). `conservation-bound`: some connection could not be told apart from another one to the same
 * target; its delivered bytes are what left for that target beyond what the uncut links were offered.
 */
export type Certainty = "exact" | "conservation-bound";

/** Bytes of one directed link since the mesh was made, over all connections whoever dialled; none of the sums ever falls. */
export interface LinkCounters<Node extends string = string> {
  readonly link: Link<Node>;
  /** Read by the proxy from the sender's socket (kernel counters: received by the kernel for it). */
  readonly offeredBytes: number;
  /** Written by the proxy to the receiver's socket (kernel counters: sent to the receiver by the kernel). */
  readonly deliveredBytes: number;
  /** Connections dialled by `link.from` to `link.to`: open now, and accepted so far. */
  readonly openConnections: number;
  readonly acceptedConnections: number;
  /** Of those, how many the proxy still holds: open ones, and such as one side has ended while the other does not know. */
  readonly heldConnections: number;
  /** Always null: a disabled proxy does not listen, so nobody counts what the kernel refuses. Use `attempt`. */
  readonly refusedConnections: null;
  readonly certainty: Certainty;
  /** Kernel counters: between when they were read, by the clock of whoever read them. */
  readonly read?: ReadTime;
}

/** Milliseconds of one steady clock, which need not be anybody else's: good for differences between readings only. */
export interface ReadTime {
  readonly startedMs: number;
  readonly endedMs: number;
}

/** Where the proxy reaches one node. */
export interface MeshNode<Node extends string = string> {
  readonly name: Node;
  /** The node's own listening addresses, as the proxy server must dial them. */
  readonly peer: Address;
  readonly client: Address;
  /** Given: an admin proxy `admin-<node>` is made too. */
  readonly admin?: Address;
}

/** What a proxy of the mesh is for; `listen` of the options turns it into a listen address. */
export type ProxyRole<Node extends string = string> =
  | { readonly kind: "link"; readonly from: Node; readonly to: Node }
  | { readonly kind: "client"; readonly node: Node }
  | { readonly kind: "admin"; readonly node: Node };

/** A proxy of the mesh as the server created it. */
export interface MeshProxy<Node extends string = string> {
  readonly name: string;
  readonly role: ProxyRole<Node>;
  readonly listen: Address;
  readonly upstream: Address;
}

/** What a change (a heal above all) had to do beyond setting toxics. A proxy made again has lost every byte that it held. */
export interface HealReport {
  readonly recreated: readonly { readonly proxy: string; readonly reason: string }[];
}
