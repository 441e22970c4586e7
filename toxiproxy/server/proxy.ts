// One proxy: a listener, its connections, its toxics.
import { createServer, connect } from "node:net";
import type { Server, Socket } from "node:net";
import type { Stream } from "../types.js";
import { formatAddress, parseAddress } from "./address.js";
import type { ProxyCounters } from "./counters.js";
import type { HeldBytes } from "./limits.js";
import { Pipe } from "./pipe.js";
import type { Toxic } from "./pipe.js";

/** What the proxies of one server share. */
export interface ProxySurroundings {
  readonly budget: HeldBytes;
  readonly connectionsMax: number;
  connections: number;
}

const streams: readonly Stream[] = ["upstream", "downstream"];

interface Connection {
  readonly client: Socket;
  readonly upstream: Socket;
  pipes: Readonly<Record<Stream, Pipe>> | null;
}

export class Proxy {
  enabled = false;
  readonly toxics: Toxic[] = [];
  private server: Server | null = null;
  private readonly connections = new Set<Connection>();

  constructor(
    readonly name: string,
    public listen: string,
    public upstream: string,
    private readonly counters: ProxyCounters,
    private readonly surroundings: ProxySurroundings,
  ) {}

  /** Binds the listener; `listen` becomes the address it got. Rejects with the operating system's error. */
  async start(): Promise<void> {
    if (this.enabled) return;
    const { host, port } = parseAddress(this.listen);
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (client) =>
      this.accept(client),
    );
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host: host === "" ? "127.0.0.1" : host, port }, () => {
        server.off("error", reject);
        resolve();
      });
    });
    // A failed accept (too many open files) concerns one connection, not the proxy.
    server.on("error", () => undefined);
    const bound = server.address();
    if (bound === null || typeof bound === "string") throw new Error("a TCP listener without an address");
    this.server = server;
    this.listen = formatAddress(bound.address, bound.port);
    this.enabled = true;
  }

  /** Closes the listener and every connection. */
  async stop(): Promise<void> {
    const { server } = this;
    if (server === null) return;
    this.server = null;
    this.enabled = false;
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    for (const { client, upstream } of this.connections) {
      client.destroy();
      upstream.destroy();
    }
    await closed;
  }

  private accept(client: Socket): void {
    const { surroundings, counters } = this;
    if (surroundings.connections >= surroundings.connectionsMax) {
      client.destroy();
      return;
    }
    const upstream = connect({ ...parseAddress(this.upstream), allowHalfOpen: true, noDelay: true });
    const connection: Connection = { client, upstream, pipes: null };
    this.connections.add(connection);
    surroundings.connections++;
    counters.acceptedConnections++;
    counters.openConnections++;
    let socketsOpen = 2;
    const closed = (): void => {
      socketsOpen--;
      if (socketsOpen > 0) return;
      this.connections.delete(connection);
      surroundings.connections--;
      counters.openConnections--;
    };
    for (const socket of [client, upstream]) {
      // An error is always followed by "close", which is what the pipes go by.
      socket.on("error", () => undefined);
      socket.on("close", closed);
    }
    const refused = (): void => void client.destroy();
    upstream.once("close", refused);
    upstream.once("connect", () => {
      upstream.off("close", refused);
      this.join(connection);
    });
  }

  private join(connection: Connection): void {
    const { client, upstream } = connection;
    const { counters, surroundings } = this;
    // As with Toxiproxy only connections opened under a reset_peer toxic end with an RST.
    let abortive = false;
    const closer = (socket: Socket) => (): void => {
      if (abortive) socket.resetAndDestroy();
      else socket.end(() => socket.destroy());
    };
    const pipes = {
      upstream: new Pipe(client, upstream, counters.upstream, surroundings.budget, closer(upstream)),
      downstream: new Pipe(upstream, client, counters.downstream, surroundings.budget, closer(client)),
    };
    connection.pipes = pipes;
    for (const toxic of this.toxics) pipes[toxic.stream].addToxic(toxic);
    abortive = streams.some((stream) => pipes[stream].hasActive("reset_peer"));
    pipes.upstream.start();
    pipes.downstream.start();
    // The client may have died while the upstream was dialled.
    if (client.destroyed) upstream.destroy();
    else client.resume();
  }

  private eachPipe(stream: Stream, act: (pipe: Pipe) => void): void {
    for (const { pipes } of this.connections) if (pipes !== null) act(pipes[stream]);
  }

  /** The order of the chain: all upstream toxics, then all downstream ones, as the API lists them. */
  toxicsInOrder(): readonly Toxic[] {
    return streams.flatMap((stream) => this.toxics.filter((toxic) => toxic.stream === stream));
  }

  addToxic(toxic: Toxic): void {
    this.toxics.push(toxic);
    this.eachPipe(toxic.stream, (pipe) => pipe.addToxic(toxic));
  }

  updateToxic(toxic: Toxic): void {
    this.eachPipe(toxic.stream, (pipe) => pipe.updateToxic(toxic));
  }

  removeToxic(toxic: Toxic): void {
    this.toxics.splice(this.toxics.indexOf(toxic), 1);
    this.eachPipe(toxic.stream, (pipe) => pipe.removeToxic(toxic));
  }
}
