// The HTTP server of `minos serve`: a store's runs as pages, files, zips and JSON. It reads and never writes, listens on loopback only, and takes
// nothing from a page of another site: a request must name the server as its host.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, relative, resolve, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import { ZipFile } from "yazl";
import {
  campaignsPage,
  comparePage,
  filterNames,
  filterRuns,
  messagePage,
  runPage,
  runsPage,
  violationsPage,
  type RunFilter,
} from "../reports/index.js";
import { latenciesOf, StoreIndex, storedFile, type StoredRunDetails } from "./store-index.js";
import { readRuns, triage } from "./triage.js";

export interface StoreServerOptions {
  readonly store: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Hears of answers that failed, for they are nobody's request. */
  readonly onError: (error: unknown) => void;
}

export interface StoreServer {
  readonly url: string;
  /** Ends it at once, answers under way included. */
  close(): Promise<void>;
}

/** Rejects where the port is taken. */
export async function serveStore({ store, port, onError }: StoreServerOptions): Promise<StoreServer> {
  const index = new StoreIndex(store);
  const server = createServer((request, response) => {
    answer(request, response, { store, index, port: portOf(server) }).catch((error: unknown) => {
      // A reader who went away is no error.
      if (!response.destroyed && !isGone(error)) onError(error);
      if (response.headersSent) response.destroy();
      else send(response, 500, html, messagePage("It failed", "The answer could not be made; see the terminal."));
    });
  });
  await new Promise<void>((done, fail) => {
    server.once("error", fail);
    server.listen(port, "127.0.0.1", done);
  });
  return {
    url: `http://127.0.0.1:${portOf(server)}/`,
    close: async () => {
      const closed = new Promise<void>((done) => server.close(() => done()));
      server.closeAllConnections();
      await closed;
    },
  };
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;
const isGone = (error: unknown): boolean =>
  ["ERR_STREAM_PREMATURE_CLOSE", "ECONNRESET", "EPIPE"].includes((error as NodeJS.ErrnoException).code ?? "");

const html = "text/html; charset=utf-8";
const types: Readonly<Record<string, string>> = {
  ".html": html,
  ".json": "application/json; charset=utf-8",
  ".jsonl": "text/plain; charset=utf-8",
  ".ndjson": "text/plain; charset=utf-8",
  ".edn": "text/plain; charset=utf-8",
  ".txt": "text/plain; charset=utf-8",
  ".yaml": "text/plain; charset=utf-8",
};
/** Our own pages need styles and forms; a report needs its scripts, and may reach nothing of this server or of any other. */
const policies = {
  page: "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  file: "sandbox allow-scripts allow-downloads allow-popups; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; font-src data:; base-uri 'none'",
};

interface Room {
  readonly store: string;
  readonly index: StoreIndex;
  readonly port: number;
}

async function answer(request: IncomingMessage, response: ServerResponse, room: Room): Promise<void> {
  if (request.method !== "GET" && request.method !== "HEAD")
    return send(response, 405, html, messagePage("Not allowed", "This server is for reading."), { allow: "GET, HEAD" });
  const hosts = ["127.0.0.1", "localhost"].map((name) => `${name}:${room.port}`);
  if (!hosts.includes(request.headers.host ?? ""))
    return send(response, 421, html, messagePage("Wrong host", `Ask for it as http://${hosts[0] ?? ""}/`));
  const url = new URL(request.url ?? "/", "http://store");
  const [first = "", ...rest] = url.pathname.slice(1).split("/");
  const path = decoded(rest);
  if (path === null) return notFound(response);
  switch (first) {
    case "":
      return send(response, 200, html, await listOf(url, room));
    case "compare":
      return compare(response, url, room);
    case "campaigns":
      return send(response, 200, html, campaignsPage(await room.index.campaigns()));
    case "violations":
      return send(response, 200, html, violationsOf(room));
    case "runs":
      return withRun(response, path, room, (details) => send(response, 200, html, pageOf(details)));
    case "files":
      return file(response, path, room);
    case "zip":
      return withRun(response, path, room, (details) => zip(response, details, room));
    case "api":
      return api(response, path, url, room);
    default:
      return notFound(response);
  }
}

/** Null: it is no text. */
function decoded(parts: readonly string[]): string | null {
  try {
    return parts.map((part) => decodeURIComponent(part)).join("/");
  } catch {
    return null;
  }
}

function filterOf(url: URL): RunFilter {
  const given = filterNames.map((name) => [name, url.searchParams.get(name)?.trim() ?? ""] as const);
  return Object.fromEntries(given) as unknown as RunFilter;
}

async function listOf(url: URL, { index }: Room): Promise<string> {
  const page = Number(url.searchParams.get("page") ?? 1);
  return runsPage(await index.runs(), filterOf(url), Number.isInteger(page) ? page : 1);
}

async function compare(response: ServerResponse, url: URL, { index }: Room): Promise<void> {
  const ids = url.searchParams.getAll("run");
  const [one, other] = await Promise.all(ids.slice(0, 2).map((id) => index.run(id)));
  if (ids.length !== 2 || one === null || one === undefined || other === null || other === undefined)
    return send(response, 400, html, messagePage("Mark two runs", "Two runs are compared, no more and no less."));
  send(response, 200, html, comparePage(figuresOf(one), figuresOf(other)));
}

const figuresOf = ({ run, verdict }: StoredRunDetails) => ({
  run,
  teeth: verdict?.teeth ?? [],
  latencies: latenciesOf(verdict),
});

function pageOf(details: StoredRunDetails): string {
  const { verdict, files } = details;
  return runPage({
    ...figuresOf(details),
    violations: verdict?.violations ?? [],
    unknown: verdict?.unknown ?? [],
    warnings: verdict?.warnings ?? [],
    files,
  });
}

function violationsOf({ store }: Room): string {
  const root = resolve(store);
  return violationsPage(
    triage(readRuns(root)).map((group) => ({
      ...group,
      sentence: group.cheapest.sentence,
      cheapest: relative(root, group.cheapest.path).split(sep).join("/"),
    })),
  );
}

async function withRun(
  response: ServerResponse,
  id: string,
  { index }: Room,
  use: (details: StoredRunDetails) => void | Promise<void>,
): Promise<void> {
  const details = await index.run(id.replace(/\/$/, ""));
  return details === null ? notFound(response) : use(details);
}

async function file(response: ServerResponse, path: string, { store }: Room): Promise<void> {
  const found = await storedFile(store, path);
  if (found === null) return notFound(response);
  head(response, 200, types[extname(path)] ?? "text/plain; charset=utf-8", policies.file, {
    "content-length": String(found.bytes),
  });
  if (response.req.method === "HEAD") return void response.end();
  await pipeline(found.open(), response);
}

async function zip(response: ServerResponse, { run, files }: StoredRunDetails, { store }: Room): Promise<void> {
  const name = `${run.id.replaceAll("/", "-").replaceAll(/[^\w.-]/g, "_")}.zip`;
  head(response, 200, "application/zip", policies.file, {
    "content-disposition": `attachment; filename="${name}"`,
  });
  if (response.req.method === "HEAD") return void response.end();
  const archive = new ZipFile();
  const top = run.id.split("/").slice(-2).join("/");
  for (const { path } of files) {
    // By the same rules as a file by itself: none but plain ones.
    const found = await storedFile(store, `${run.id}/${path}`);
    if (found !== null) archive.addReadStreamLazy(`${top}/${path}`, (use) => use(null, found.open()));
  }
  archive.end();
  await pipeline(archive.outputStream, response);
}

async function api(response: ServerResponse, path: string, url: URL, room: Room): Promise<void> {
  const json = (value: unknown): void => send(response, 200, types[".json"] ?? "", `${JSON.stringify(value)}\n`);
  const [what, ...rest] = path.split("/");
  if (what === "runs" && rest.length === 0) return json(filterRuns(await room.index.runs(), filterOf(url)));
  if (what === "campaigns" && rest.length === 0) return json(await room.index.campaigns());
  if (what === "runs") return withRun(response, rest.join("/"), room, (details) => json(details));
  notFound(response);
}

function notFound(response: ServerResponse): void {
  send(response, 404, html, messagePage("Not here", "This store has no such thing."));
}

function head(
  response: ServerResponse,
  status: number,
  type: string,
  policy: string,
  more: Readonly<Record<string, string>>,
): void {
  response.writeHead(status, {
    "content-type": type,
    "content-security-policy": policy,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    ...more,
  });
}

function send(
  response: ServerResponse,
  status: number,
  type: string,
  body: string,
  more: Readonly<Record<string, string>> = {},
): void {
  head(response, status, type, policies.page, { "content-length": String(Buffer.byteLength(body)), ...more });
  response.end(response.req.method === "HEAD" ? undefined : body);
}
