// Starting a proxy server as a child process: the built-in one, or a real Toxiproxy.

export type ProxyServerChoice =
  | { readonly kind: "builtin" }
  /** A `toxiproxy-server`: the one on PATH, or the one at `path`. */
  | { readonly kind: "external"; readonly path?: string };

export interface ProxyServerOptions {
  /** The API's host, and by default the proxies'. Default 127.0.0.1. */
  readonly host?: string;
  /** The API's port; 0 or absent draws a free one. */
  readonly port?: number;
  /** How long to wait until the API answers. Default 10000. */
  readonly readyTimeoutMs?: number;
  /**
   * Added to the child's environment. The child is a process group of its own (`detached`), so that Ctrl-C at a terminal reaches
   * only us and healing is still possible.
   */
  readonly environment?: Readonly<Record<string, string>>;
  /** Called once when the process ends without `stop` having been called. */
  readonly onDeath?: (detail: string) => void;
}

export interface RunningProxyServer {
  readonly kind: "builtin" | "external";
  /** For logs and environment.json: which program, which version. */
  readonly description: string;
  /** `http://host:port`. */
  readonly api: string;
  readonly pid: number;
  /** SIGTERM, then SIGKILL after 3 s. Safe to call twice. */
  stop(): Promise<void>;
}

export async function startProxyServer(
  _choice: ProxyServerChoice,
  _options: ProxyServerOptions = {},
): Promise<RunningProxyServer> {
  throw new Error("not built yet");
}
