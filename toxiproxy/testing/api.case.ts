// The wire behaviour of Toxiproxy's HTTP API, byte for byte: each test sends requests as they stand and compares status,
// content type and whole body. Ports, which the server draws, are written as PORT. The expectations were read off Toxiproxy
// 2.12, and the same file runs against it.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { RunningProxyServer } from "../start.js";

interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly body: string;
}

const json = "application/json";
const plain = "text/plain; charset=utf-8";
const ok = (body: string): Answer => ({ status: 200, type: json, body });
const created = (body: string): Answer => ({ status: 201, type: json, body });
const error = (status: number, text: string): Answer => ({
  status,
  type: plain,
  body: `{"error":"${text}","status":${status}}\n`,
});
const noContent: Answer = { status: 204, type: null, body: "" };
const notFound: Answer = { status: 404, type: plain, body: "404 page not found\n" };
const notAllowed: Answer = { status: 405, type: null, body: "" };

const proxyA = '{"name":"a","listen":"127.0.0.1:PORT","upstream":"localhost:1","enabled":true,"Logger":{},"toxics":[]}';
const latency =
  '{"attributes":{"latency":15,"jitter":0},"name":"latency_downstream","type":"latency","stream":"downstream","toxicity":1}';

export function apiCases(start: () => Promise<RunningProxyServer>): void {
  describe("the HTTP API", () => {
    let server: RunningProxyServer;

    beforeEach(async () => {
      server = await start();
    });
    afterEach(() => server.stop());

    const send = async (method: string, path: string, body?: unknown, agent = "test"): Promise<Answer> => {
      const response = await fetch(server.api + path, {
        method,
        headers: { "User-Agent": agent },
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      const type = response.headers.get("content-type");
      return { status: response.status, type, body: text.replaceAll(/127\.0\.0\.1:\d+/g, "127.0.0.1:PORT") };
    };
    const makeA = () => send("POST", "/proxies", { name: "a", listen: "localhost:0", upstream: "localhost:1" });

    test("creates, shows, lists and deletes a proxy", async () => {
      expect(await makeA()).toEqual(created(proxyA));
      expect(await send("GET", "/proxies/a")).toEqual(ok(proxyA));
      expect(await send("GET", "/proxies")).toEqual(ok(`{"a":${proxyA}}`));
      expect(await send("DELETE", "/proxies/a")).toEqual(noContent);
      expect(await send("GET", "/proxies")).toEqual(ok("{}"));
      expect(await send("DELETE", "/proxies/a")).toEqual(error(404, "proxy not found"));
    });

    test("refuses a proxy that is malformed, incomplete, known or cannot listen", async () => {
      await makeA();
      expect(await makeA()).toEqual(error(409, "proxy already exists"));
      for (const [body, status, text] of [
        [{ listen: "localhost:0", upstream: "x:1" }, 400, "missing required field: name"],
        [{ name: "b", listen: "localhost:0" }, 400, "missing required field: upstream"],
        ["", 400, "bad request body: EOF"],
        ["{", 400, "bad request body: unexpected EOF"],
        [[1], 400, "bad request body: json: cannot unmarshal array into Go value of type toxiproxy.Proxy"],
        [
          { name: 1 },
          400,
          "bad request body: json: cannot unmarshal number into Go struct field Proxy.name of type string",
        ],
        [
          { name: "b", enabled: "x" },
          400,
          "bad request body: json: cannot unmarshal string into Go struct field Proxy.enabled of type bool",
        ],
        [
          { name: "b", listen: "nowhere", upstream: "x:1" },
          500,
          "listen tcp: address nowhere: missing port in address",
        ],
        [
          { name: "b", listen: "8.8.8.8:99", upstream: "x:1" },
          500,
          "listen tcp 8.8.8.8:99: bind: cannot assign requested address",
        ],
      ] as const)
        expect(await send("POST", "/proxies", body)).toEqual(error(status, text));
      expect(await send("GET", "/proxies")).toEqual(ok(`{"a":${proxyA}}`));
    });

    test("a proxy created disabled does not resolve its listen address until it is enabled", async () => {
      const body = { name: "d", listen: "localhost:0", upstream: "x:1", enabled: false };
      const disabled = '{"name":"d","listen":"localhost:0","upstream":"x:1","enabled":false,"Logger":{},"toxics":[]}';
      expect(await send("POST", "/proxies", body)).toEqual(created(disabled));
      const enabled = disabled.replace("localhost:0", "127.0.0.1:PORT").replace("false", "true");
      expect(await send("PATCH", "/proxies/d", { enabled: true })).toEqual(ok(enabled));
    });

    test("updates by POST and PATCH, keeping what is not named", async () => {
      await makeA();
      const off = proxyA.replace("true", "false");
      expect(await send("POST", "/proxies/a", { enabled: false })).toEqual(ok(off));
      expect(await send("PATCH", "/proxies/a", { upstream: "other:2" })).toEqual(
        ok(off.replace("localhost:1", "other:2")),
      );
      expect(await send("PATCH", "/proxies/a", { enabled: true })).toEqual(
        ok(proxyA.replace("localhost:1", "other:2")),
      );
      expect(await send("PATCH", "/proxies/a", "[]")).toEqual(
        error(400, "bad request body: json: cannot unmarshal array into Go value of type toxiproxy.Proxy"),
      );
      expect(await send("PATCH", "/proxies/a", { listen: "zz" })).toEqual(
        error(500, "address zz: missing port in address"),
      );
      expect(await send("PATCH", "/proxies/z", {})).toEqual(error(404, "proxy not found"));
    });

    test("creates toxics with their defaults, shows, updates and deletes them", async () => {
      await makeA();
      const path = "/proxies/a/toxics";
      expect(await send("POST", path, { type: "latency", attributes: { latency: 15 } })).toEqual(ok(latency));
      const upstream =
        '{"attributes":{"timeout":0},"name":"timeout_UPSTREAM","type":"timeout","stream":"UPSTREAM","toxicity":0.5}';
      expect(await send("POST", path, { type: "timeout", stream: "UPSTREAM", toxicity: 0.5 })).toEqual(ok(upstream));
      expect(await send("GET", path)).toEqual(ok(`[${upstream},${latency}]`));
      expect(await send("GET", "/proxies/a")).toEqual(ok(proxyA.replace("[]", `[${upstream},${latency}]`)));
      const updated = latency.replace('"jitter":0', '"jitter":3').replace('"toxicity":1', '"toxicity":0.25');
      const change = { attributes: { jitter: 3 }, toxicity: 0.25, name: "ignored" };
      expect(await send("POST", `${path}/latency_downstream`, change)).toEqual(ok(updated));
      expect(await send("PATCH", `${path}/latency_downstream`, {})).toEqual(ok(updated));
      expect(await send("GET", `${path}/latency_downstream`)).toEqual(ok(updated));
      expect(await send("DELETE", `${path}/latency_downstream`)).toEqual(noContent);
      expect(await send("DELETE", `${path}/latency_downstream`)).toEqual(error(404, "toxic not found"));
      expect(await send("GET", path)).toEqual(ok(`[${upstream}]`));
    });

    test.each([
      ["latency", '{"latency":0,"jitter":0}'],
      ["bandwidth", '{"rate":0}'],
      ["slow_close", '{"delay":0}'],
      ["timeout", '{"timeout":0}'],
      ["reset_peer", '{"timeout":0}'],
      ["slicer", '{"average_size":0,"size_variation":0,"delay":0}'],
      ["limit_data", '{"bytes":0}'],
    ])("knows %s with its attributes, all 0 by default", async (type, attributes) => {
      await makeA();
      expect(await send("POST", "/proxies/a/toxics", { type })).toEqual(
        ok(
          `{"attributes":${attributes},"name":"${type}_downstream","type":"${type}","stream":"downstream","toxicity":1}`,
        ),
      );
    });

    test("refuses a toxic that is malformed, unknown or there already", async () => {
      await makeA();
      await send("POST", "/proxies/a/toxics", { type: "latency", attributes: { latency: 15 } });
      const wrongField =
        "bad request body: json: cannot unmarshal number 1.5 into Go struct field LatencyToxic.attributes.latency of type int64";
      for (const [body, status, text] of [
        [{ type: "latency", attributes: { latency: 15 } }, 409, "toxic already exists"],
        [{ type: "latency", name: "l", attributes: { latency: 1.5 } }, 400, wrongField],
        [{ type: "latency", name: "l", attributes: { latency: "1" } }, 400, wrongField.replace("number 1.5", "string")],
        [{ type: "nope" }, 400, "invalid toxic type"],
        [{}, 400, "invalid toxic type"],
        [{ type: "latency", stream: "sideways" }, 400, "stream was invalid, can be either upstream or downstream"],
        [[], 400, "bad request body: json: cannot unmarshal array into Go value of type toxics.ToxicWrapper"],
      ] as const)
        expect(await send("POST", "/proxies/a/toxics", body)).toEqual(error(status, text));
      expect(await send("POST", "/proxies/z/toxics", {})).toEqual(error(404, "proxy not found"));
      expect(await send("GET", "/proxies/a/toxics")).toEqual(ok(`[${latency}]`));
    });

    test("populate validates all first, then applies in part", async () => {
      const p = { name: "p", listen: "127.0.0.1:0", upstream: "x:1" };
      const shownP = '{"name":"p","listen":"127.0.0.1:PORT","upstream":"x:1","enabled":true,"Logger":{},"toxics":[]}';
      const failed = (status: number, text: string, proxies: string): Answer => ({
        status,
        type: json,
        body: `{"error":"${text}","status":${status},"proxies":${proxies}}`,
      });
      expect(await send("POST", "/populate", [])).toEqual(created('{"proxies":null}'));
      expect(await send("POST", "/populate", [p, { name: "q" }])).toEqual(
        failed(400, "missing required field: upstream at proxy 2", "null"),
      );
      expect(await send("GET", "/proxies")).toEqual(ok("{}"));
      expect(await send("POST", "/populate", [p, { ...p, name: "q", listen: "8.8.8.8:1" }])).toEqual(
        failed(500, "listen tcp 8.8.8.8:1: bind: cannot assign requested address", `[${shownP}]`),
      );
      expect(await send("GET", "/proxies")).toEqual(ok(`{"p":${shownP}}`));
    });

    test("populate leaves a proxy with the same addresses as it is, toxics and all", async () => {
      await makeA();
      await send("POST", "/proxies/a/toxics", { type: "latency", attributes: { latency: 15 } });
      const response = await fetch(`${server.api}/proxies/a`);
      const { listen } = (await response.json()) as { readonly listen: string };
      const body = [{ name: "a", listen, upstream: "localhost:1", enabled: false }];
      const kept = proxyA.replace("[]", `[${latency}]`);
      expect(await send("POST", "/populate", body)).toEqual(created(`{"proxies":[${kept}]}`));
      const replaced = proxyA.replace("localhost:1", "other:1").replace("true", "false");
      const other = [{ name: "a", listen, upstream: "other:1", enabled: false }];
      expect(await send("POST", "/populate", other)).toEqual(created(`{"proxies":[${replaced}]}`));
    });

    test("reset enables every proxy and removes every toxic", async () => {
      await makeA();
      await send("POST", "/proxies/a/toxics", { type: "latency" });
      await send("POST", "/proxies/a/toxics", { type: "latency", stream: "upstream" });
      await send("PATCH", "/proxies/a", { enabled: false });
      expect(await send("POST", "/reset")).toEqual(noContent);
      expect(await send("GET", "/proxies/a")).toEqual(ok(proxyA));
    });

    test("answers wrong methods with 405, unknown paths with 404 and browsers with 403", async () => {
      await makeA();
      for (const [method, path] of [
        ["PUT", "/proxies"],
        ["GET", "/reset"],
        ["GET", "/populate"],
        ["POST", "/version"],
        ["PUT", "/proxies/a"],
        ["DELETE", "/proxies/a/toxics"],
        ["PUT", "/proxies/a/toxics/x"],
      ] as const)
        expect(await send(method, path)).toEqual(notAllowed);
      for (const path of ["/", "/nope", "/proxies/a/nope", "/proxies/a/toxics/b/c"])
        expect(await send("GET", path)).toEqual(notFound);
      expect(await send("GET", "/proxies", undefined, "Mozilla/5.0")).toEqual({
        status: 403,
        type: plain,
        body: "User agent not allowed\n",
      });
    });

    test("says its version", async () => {
      const answer = await send("GET", "/version");
      expect(answer).toMatchObject({ status: 200, type: "application/json;charset=utf-8" });
      expect(answer.body).toMatch(/^\{"version": "[^"]+"\}\n$/);
    });

    test("a name that needs encoding is found under its encoded path", async () => {
      await send("POST", "/proxies", { name: "a b%", listen: "localhost:0", upstream: "x:1" });
      expect(await send("DELETE", "/proxies/a%20b%25")).toEqual(noContent);
    });
  });
}
