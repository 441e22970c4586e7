// The mesh of link proxies: one proxy for each ordered pair of nodes and one for each node's clients.
import type { CounterSource } from "./counter-source.js";
import type {
  Address,
  CutMode,
  HealReport,
  Link,
  LinkCounters,
  LinkShape,
  MeshNode,
  MeshProxy,
  ProxyRole,
} from "./types.js";

export interface LinkMeshOptions<Node extends string = string> {
  /** `http://host:port` of the proxy server's API. */
  readonly api: string;
  readonly nodes: readonly MeshNode<Node>[];
  readonly counters: CounterSource;
  /** Where a proxy shall listen; port 0 lets the server draw one. Default: free ports of 127.0.0.1. */
  readonly listen?: (role: ProxyRole<Node>) => Address;
  /** How to try a connection (docker: from inside the dialler's network). Default: a TCP connect from this process. */
  readonly attempt?: (link: Link<Node>, listen: Address) => Promise<"accepted" | "refused">;
  /** No call of the API is waited for longer. Default 3000. */
  readonly callTimeoutMs?: number;
}

const unfinished = (): never => {
  throw new Error("the link mesh is not built yet");
};

export class LinkMesh<Node extends string = string> {
  /** All proxies, as the server created them. */
  readonly proxies: readonly MeshProxy<Node>[] = [];

  /** Creates every proxy; on failure removes what it made and rejects. */
  static async create<Node extends string>(_options: LinkMeshOptions<Node>): Promise<LinkMesh<Node>> {
    return unfinished();
  }

  /** What `link.from` must dial to reach `link.to`. */
  linkAddress(_link: Link<Node>): Address {
    return unfinished();
  }
  clientAddress(_node: Node): Address {
    return unfinished();
  }
  adminAddress(_node: Node): Address {
    return unfinished();
  }
  /** Rejects without touching anything when one of the links is cut already. */
  async cut(_links: readonly Link<Node>[], _mode: CutMode): Promise<void> {
    return unfinished();
  }
  /** Undoes `cut` and `shape`. */
  async heal(_links: readonly Link<Node>[]): Promise<HealReport> {
    return unfinished();
  }
  async shape(_links: readonly Link<Node>[], _shape: LinkShape): Promise<void> {
    return unfinished();
  }
  async observeLinks(): Promise<readonly LinkCounters<Node>[]> {
    return unfinished();
  }
  async attempt(_link: Link<Node>): Promise<"accepted" | "refused"> {
    return unfinished();
  }
  /** Disables every link proxy (client and admin proxies stay); `healEverything` undoes it. */
  async disableAll(): Promise<void> {
    return unfinished();
  }
  async healEverything(): Promise<HealReport> {
    return unfinished();
  }
  /** Deletes the proxies and stops sampling. Never rejects because the server is gone. */
  async remove(): Promise<void> {
    return unfinished();
  }
}
