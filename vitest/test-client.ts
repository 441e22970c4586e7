// A client in a test's hands: one operation at a time, each recorded before it is sent and when it was answered.
import type { Client, ClientReply } from "../cluster/index.js";
import type { JsonValue, Recorder, Ticket } from "../history/index.js";

export interface TestClientInput {
  readonly node: string;
  readonly thread: number;
  /** After an operation of unknown outcome its process goes on as the next one, so many further. */
  readonly threads: number;
  readonly recorder: Recorder;
  readonly timeoutMs: number;
  readonly connect: () => Promise<Client>;
}

export class TestClient {
  readonly #input: TestClientInput;
  #process: number;
  #client: Client | null = null;
  #isBusy = false;

  constructor(input: TestClientInput) {
    this.#input = input;
    this.#process = input.thread;
  }

  get(key: JsonValue): Promise<ClientReply> {
    return this.invoke("get", key, null);
  }

  put(key: JsonValue, value: JsonValue): Promise<ClientReply> {
    return this.invoke("put", key, value);
  }

  cas(key: JsonValue, expected: JsonValue, next: JsonValue): Promise<ClientReply> {
    return this.invoke("cas", key, { expected, new: next });
  }

  /** Whatever the system can do. Resolves to what is known of it; rejects when the client has an operation open. */
  async invoke(
    name: string,
    key: JsonValue,
    input: JsonValue,
    timeoutMs: number = this.#input.timeoutMs,
  ): Promise<ClientReply> {
    if (this.#isBusy) throw new Error("this client has an operation open: await it, or take another client");
    this.#isBusy = true;
    try {
      return await this.#perform(name, key, input, timeoutMs);
    } finally {
      this.#isBusy = false;
    }
  }

  async #perform(name: string, key: JsonValue, input: JsonValue, timeoutMs: number): Promise<ClientReply> {
    const { recorder, thread, threads, node } = this.#input;
    const process = this.#process;
    let isCalled = false;
    let ticket: Ticket | null = null;
    const called = (): void => {
      isCalled = true;
      recorder.call({ process, thread, node, function: name, key, input });
    };
    const reply = await this.#ask({ name, key, input, timeoutMs }, called, () => (ticket ??= recorder.ticket()));
    if (!isCalled) {
      if (reply.outcome !== "fail") throw new Error(`a client said ${reply.outcome} of a call that it never stamped`);
      // Nothing was handed to the socket: the call is recorded late, with its certain failure.
      called();
    }
    const error = reply.error === null ? {} : { error: reply.error };
    const end = { type: reply.outcome, process, function: name, key, output: reply.output, attempts: reply.attempts };
    recorder.complete({ ...end, ...error }, ticket);
    if (reply.outcome === "info") {
      this.#process += threads;
      this.close();
    }
    return reply;
  }

  async #ask(
    { name, key, input, timeoutMs }: { name: string; key: JsonValue; input: JsonValue; timeoutMs: number },
    called: () => void,
    returned: () => void,
  ): Promise<ClientReply> {
    let isHandedOver = false;
    const hooks = {
      called: () => {
        isHandedOver = true;
        called();
      },
      returned,
    };
    try {
      this.#client ??= await this.#input.connect();
      return await this.#client.invoke({ function: name, key, input, timeoutMs }, hooks);
    } catch (error) {
      // A client that throws breaks its contract. Nothing is known of an operation that it had handed over.
      const outcome = isHandedOver ? "info" : "fail";
      return { outcome, output: null, error: `client threw: ${String(error)}`, attempts: 1, systemIndex: null };
    }
  }

  close(): void {
    this.#client?.close();
    this.#client = null;
  }
}
