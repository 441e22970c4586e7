// Toxiproxy's HTTP API over a collection of proxies. Status codes, bodies and content types are those of Toxiproxy 2.12.
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Address } from "../types.js";
import { ProxyCollection } from "./collection.js";
import {
  ApiError,
  decodeNewProxy,
  decodeNewToxic,
  decodePopulate,
  decodeProxy,
  decodeToxicUpdate,
  parseBody,
} from "./decode.js";
import { defaultLimits } from "./limits.js";
import type { ProxyServerLimits } from "./limits.js";
import type { Toxic } from "./pipe.js";
import type { Proxy } from "./proxy.js";

export interface ProxyServerSettings {
  /** Where the API listens. Default 127.0.0.1, port 0. */
  readonly host?: string;
  readonly port?: number;
  /** Adds `GET /minos/counters`. */
  readonly counters?: boolean;
  /** What `/version` says. */
  readonly version?: string;
  readonly limits?: Partial<ProxyServerLimits>;
}

interface Reply {
  readonly status: number;
  readonly contentType?: string;
  readonly body?: string;
}

const json = (status: number, value: unknown): Reply => ({
  status,
  contentType: "application/json",
  body: JSON.stringify(value),
});
const noContent: Reply = { status: 204 };
const methodNotAllowed: Reply = { status: 405 };

function plainError(status: number, text: string): Reply {
  return { status, contentType: "text/plain; charset=utf-8", body: `${text}\n` };
}

function showToxic(toxic: Toxic): unknown {
  const { attributes, name, type, streamText, toxicity } = toxic;
  return { attributes, name, type, stream: streamText, toxicity };
}

function showProxy(proxy: Proxy): unknown {
  const { name, listen, upstream, enabled } = proxy;
  return {
    name,
    listen,
    upstream,
    enabled,
    Logger: {},
    toxics: proxy.toxicsInOrder().map((toxic) => showToxic(toxic)),
  };
}

type Handler = (body: string) => Reply | Promise<Reply>;
type Route = Readonly<Partial<Record<string, Handler>>>;

/** The built-in proxy server. */
export class ProxyServer {
  private readonly limits: ProxyServerLimits;
  private readonly collection: ProxyCollection;
  private readonly http: Server;

  constructor(private readonly settings: ProxyServerSettings = {}) {
    this.limits = { ...defaultLimits, ...settings.limits };
    this.collection = new ProxyCollection(this.limits);
    this.http = createServer((request, response) => void this.serve(request, response));
  }

  /** Binds the API; rejects with the operating system's error. */
  async listen(): Promise<Address> {
    await new Promise<void>((resolve, reject) => {
      this.http.once("error", reject);
      this.http.listen({ host: this.settings.host ?? "127.0.0.1", port: this.settings.port ?? 0 }, () => {
        this.http.off("error", reject);
        resolve();
      });
    });
    const bound = this.http.address();
    if (bound === null || typeof bound === "string") throw new Error("an API without an address");
    return { host: bound.address, port: bound.port };
  }

  /** Ends every connection and listener. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.http.close(() => resolve());
    });
    this.http.closeAllConnections();
    await this.collection.close();
    await closed;
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let reply: Reply;
    try {
      reply = await this.answer(request);
    } catch (error) {
      const failure = error instanceof ApiError ? error : new ApiError(String(error), 500);
      reply = plainError(failure.status, JSON.stringify({ error: failure.message, status: failure.status }));
    }
    if (reply.contentType !== undefined) response.setHeader("Content-Type", reply.contentType);
    if (reply.contentType?.startsWith("text/plain") === true) response.setHeader("X-Content-Type-Options", "nosniff");
    response.writeHead(reply.status);
    response.end(reply.body ?? "");
  }

  private async answer(request: IncomingMessage): Promise<Reply> {
    const path = (request.url ?? "/").split("?")[0] ?? "/";
    let segments: readonly string[];
    try {
      segments = decodeURIComponent(path).split("/").slice(1);
    } catch {
      return plainError(400, "400 Bad Request");
    }
    const route = this.route(segments);
    if (route === null) return plainError(404, "404 page not found");
    const handler = route[request.method ?? ""];
    if (handler === undefined) return methodNotAllowed;
    if (request.headers["user-agent"]?.startsWith("Mozilla/") === true)
      return plainError(403, "User agent not allowed");
    return handler(await readBody(request, this.limits.requestBytes));
  }

  private route(segments: readonly string[]): Route | null {
    const [room, name, sub, toxic] = segments;
    if (segments.some((segment) => segment === "")) return null;
    if (room === undefined) return null;
    if (segments.length === 1) return this.topLevel(room);
    if (room === "minos" && name === "counters" && segments.length === 2 && this.settings.counters === true)
      return { GET: () => json(200, this.collection.report()) };
    if (room !== "proxies" || name === undefined) return null;
    if (segments.length === 2) return this.ofProxy(name);
    if (sub !== "toxics") return null;
    if (segments.length === 3) return this.ofToxics(name);
    return segments.length === 4 && toxic !== undefined ? this.ofToxic(name, toxic) : null;
  }

  private topLevel(room: string): Route | null {
    const { collection } = this;
    switch (room) {
      case "version":
        return {
          GET: () => ({
            status: 200,
            contentType: "application/json;charset=utf-8",
            body: `{"version": "${this.settings.version ?? "minos"}"}\n`,
          }),
        };
      case "reset":
        return {
          POST: async () => {
            await collection.reset();
            return noContent;
          },
        };
      case "populate":
        return { POST: (body) => this.populate(body) };
      case "proxies":
        return {
          GET: () => {
            const sorted = collection.all().toSorted((one, other) => (one.name < other.name ? -1 : 1));
            return json(200, Object.fromEntries(sorted.map((proxy) => [proxy.name, showProxy(proxy)])));
          },
          POST: async (body) => json(201, showProxy(await collection.create(decodeNewProxy(body)))),
        };
      default:
        return null;
    }
  }

  private async populate(body: string): Promise<Reply> {
    const made: Proxy[] = [];
    const shown = () => (made.length === 0 ? null : made.map((proxy) => showProxy(proxy)));
    try {
      await this.collection.populate(decodePopulate(body), made);
      return json(201, { proxies: shown() });
    } catch (error) {
      const failure = error instanceof ApiError ? error : new ApiError(String(error), 500);
      return json(failure.status, { error: failure.message, status: failure.status, proxies: shown() });
    }
  }

  private ofProxy(name: string): Route {
    const { collection } = this;
    const update: Handler = async (body) =>
      json(200, showProxy(await collection.update(name, (proxy) => decodeProxy(parseBody(body), proxy))));
    return {
      GET: () => json(200, showProxy(collection.get(name))),
      POST: update,
      PATCH: update,
      DELETE: async () => {
        await collection.remove(name);
        return noContent;
      },
    };
  }

  private ofToxics(name: string): Route {
    return {
      GET: () =>
        json(
          200,
          this.collection
            .get(name)
            .toxicsInOrder()
            .map((toxic) => showToxic(toxic)),
        ),
      POST: (body) => {
        const proxy = this.collection.get(name);
        const toxic = decodeNewToxic(body, (taken) => proxy.toxics.some((other) => other.name === taken));
        if (proxy.toxics.length >= this.limits.toxicsPerProxy)
          throw new ApiError(`more than ${this.limits.toxicsPerProxy} toxics`, 500);
        proxy.addToxic(toxic);
        return json(200, showToxic(toxic));
      },
    };
  }

  private ofToxic(proxyName: string, toxicName: string): Route {
    const find = (): { readonly proxy: Proxy; readonly toxic: Toxic } => {
      const proxy = this.collection.get(proxyName);
      const toxic = proxy.toxics.find((other) => other.name === toxicName);
      if (toxic === undefined) throw new ApiError("toxic not found", 404);
      return { proxy, toxic };
    };
    const update: Handler = (body) => {
      const { proxy, toxic } = find();
      const { attributes, toxicity } = decodeToxicUpdate(body, toxic);
      toxic.attributes = attributes;
      toxic.toxicity = toxicity;
      proxy.updateToxic(toxic);
      return json(200, showToxic(toxic));
    };
    return {
      GET: () => json(200, showToxic(find().toxic)),
      POST: update,
      PATCH: update,
      DELETE: () => {
        const { proxy, toxic } = find();
        proxy.removeToxic(toxic);
        return noContent;
      },
    };
  }
}

async function readBody(request: IncomingMessage, bytesMax: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw new ApiError(`bad request body: more than ${bytesMax} bytes`, 400);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
