// Where a mesh's byte counts come from: the built-in server's own counters, or the kernel's counters of a real Toxiproxy's sockets.
import type { LinkCounters, MeshProxy, Stream } from "./types.js";

/** What a counter source must know of the mesh at the moment of a sample. */
export interface MeshView<Node extends string = string> {
  readonly links: readonly MeshProxy<Node>[];
  /** Whether this stream of this link proxy passes bytes as they come (no cut, no shape, proxy enabled). */
  passes(proxyName: string, stream: Stream): boolean;
}

export interface CounterSource {
  readonly kind: "builtin" | "kernel";
  /** How often `sample` wants to be called between observations; null: never. */
  readonly sampleEveryMs: number | null;
  /** All n(n-1) links. Rejects when the counters cannot be read. Never called twice at a time. */
  sample<Node extends string>(view: MeshView<Node>): Promise<readonly LinkCounters<Node>[]>;
}
