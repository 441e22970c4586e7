// Endpoints for tests of a proxy: a peer that accepts, and a wire, which is one connection seen from both its ends.
import { connect, createServer } from "node:net";
import type { Server, Socket } from "node:net";
import type { Address } from "../types.js";

/** Far longer than anything takes: only a claim that does not hold at all runs into it, also on a busy machine. */
const waitMs = 15_000;

/** Waits until the condition holds; fails with the sentence when it does not. */
export async function until(claim: string, condition: () => boolean | Promise<boolean>, ms = waitMs): Promise<void> {
  const end = Date.now() + ms;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${claim}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** One end of a connection and all that arrived there. */
export class End {
  private readonly chunks: Buffer[] = [];
  receivedBytes = 0;
  readonly chunkTimes: number[] = [];
  sawEnd = false;
  closed = false;
  errorCode: string | null = null;

  constructor(readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on("data", (bytes: Buffer) => {
      this.chunks.push(bytes);
      this.receivedBytes += bytes.length;
      this.chunkTimes.push(performance.now());
    });
    socket.on("end", () => {
      this.sawEnd = true;
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      this.errorCode = error.code ?? error.message;
    });
    socket.on("close", () => {
      this.closed = true;
    });
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString("latin1");
  }

  get chunkSizes(): readonly number[] {
    return this.chunks.map((chunk) => chunk.length);
  }

  send(text: string | Buffer): void {
    this.socket.write(text);
  }

  async receives(text: string, ms = waitMs): Promise<void> {
    await until(`"${this.text}" becomes "${text}"`, () => this.text === text, ms);
  }

  async closes(ms = waitMs): Promise<void> {
    await until("the end closes", () => this.closed, ms);
  }
}

export interface Wire {
  readonly near: End;
  readonly far: End;
}

/** A listener that keeps what it accepts. */
export class Peer {
  private readonly listeners: ((end: End) => void)[] = [];

  private constructor(
    private readonly server: Server,
    readonly address: Address,
    readonly accepted: End[],
  ) {
    server.on("connection", (socket: Socket) => {
      const end = new End(socket);
      accepted.push(end);
      for (const listener of this.listeners) listener(end);
    });
  }

  onAccept(listener: (end: End) => void): void {
    this.listeners.push(listener);
  }

  static async listen(): Promise<Peer> {
    const server = createServer();
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", () => resolve());
    });
    const bound = server.address();
    if (bound === null || typeof bound === "string") throw new Error("no address");
    return new Peer(server, { host: "127.0.0.1", port: bound.port }, []);
  }

  /** A connection that reaches this peer through the proxy at `via`. */
  async wire(via: Address): Promise<Wire> {
    const before = this.accepted.length;
    const near = await dial(via);
    await until("the peer accepts", () => this.accepted.length > before);
    const far = this.accepted[before];
    if (far === undefined) throw new Error("accepted nothing");
    return { near, far };
  }

  close(): void {
    for (const { socket } of this.accepted) socket.destroy();
    this.server.close();
  }
}

export async function dial(address: Address): Promise<End> {
  const socket = connect(address);
  const end = new End(socket);
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", () => resolve());
    socket.once("error", reject);
  });
  return end;
}
