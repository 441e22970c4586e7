// A client: it talks to one node, carries out one operation at a time, and tells the truth about what became of it.
import { request } from "node:http";
import type { Address, Client, ClientHooks, ClientInvocation, ClientReply, JsonValue } from "minos-suite/cluster";

export class ToyClient implements Client {
  #destroy = (): void => undefined;

  constructor(private readonly address: Address) {}

  /** TODO: say it in your system's own protocol. What must stay is when `called` and `returned` are called, and which outcome is given. */
  invoke({ function: name, key, input, timeoutMs }: ClientInvocation, hooks: ClientHooks): Promise<ClientReply> {
    return new Promise((resolve) => {
      let sent = false;
      const end = (outcome: ClientReply["outcome"], output: JsonValue, error: string | null): void => {
        clearTimeout(timer);
        resolve({ outcome, output, error, attempts: 1, systemIndex: null });
      };
      // `fail` says that it certainly did not happen: nothing was sent, or it was a read. `info` says that nobody knows, as after a time-out: a write
      // that timed out and is reported as `fail` makes a correct system look wrong.
      const failed = (error: string): void => end(name === "get" || !sent ? "fail" : "info", null, error);
      const timer = setTimeout(() => this.close(), timeoutMs);
      const asked = request({ ...this.address, path: "/", method: "POST", agent: false }, (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        answer.on("error", (error) => failed(error.message));
        answer.on("end", () => {
          // The toy documents 503 as a definite refusal.
          if (answer.statusCode === 503) return end("fail", null, text);
          if (answer.statusCode !== 200) return failed(`answered ${answer.statusCode}`);
          // The answer is there; stamped before it is parsed.
          hooks.returned();
          end("ok", JSON.parse(text) as JsonValue, null);
        });
      });
      this.#destroy = () => void asked.destroy(new Error("closed"));
      asked.on("error", (error) => failed(error.message));
      asked.on("socket", (socket) =>
        socket.once("connect", () => {
          sent = true;
          // Stamped just before the first byte leaves.
          hooks.called();
          asked.end(JSON.stringify({ function: name, key, input }));
        }),
      );
    });
  }

  close(): void {
    this.#destroy();
  }
}
