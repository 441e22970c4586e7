// The recorder's order and clock rules: a fake clock that is coarse, stands still, or goes back; a sink that keeps the text; and
// the lies that a run loop could tell it.
import { describe, expect, test } from "vitest";
import { parseJsonLines } from "./jsonl.js";
import { operationsOf } from "./operations.js";
import { Recorder, RecorderMisuse, systemClock, type HeaderRecord } from "./recorder.js";
import { MemorySink, SinkError } from "./sink.js";

const header: HeaderRecord = {
  model: "cas-register",
  initial: null,
  keyed: true,
  plan: "test",
  run: "test-1",
  build: null,
  concurrency: 4,
  startedAt: "2026-01-01T00:00:00.000Z",
};

function setUp(maxEvents?: number) {
  const time = { now: 0 };
  const sink = new MemorySink();
  const limit = maxEvents === undefined ? {} : { maxEvents };
  const recorder = new Recorder({ clock: () => time.now, sink, header, ...limit });
  const call = (process: number) =>
    recorder.call({ process, thread: process, node: "n1", function: "get", key: "k", input: null });
  const ok = { type: "ok", function: "get", key: "k", output: 1 } as const;
  return { time, sink, recorder, call, ok };
}

describe("the recorder", () => {
  test("the file opens with the header and holds every event as it was returned", () => {
    const { time, sink, recorder, call, ok } = setUp();
    time.now = 10;
    const invoked = call(0);
    time.now = 25;
    const completed = recorder.complete({ process: 0, ...ok }, recorder.ticket());
    recorder.record({ type: "phase", phase: "end" });
    const { events, torn } = parseJsonLines(sink.text());
    expect(torn).toBeNull();
    expect(events).toEqual(recorder.events);
    expect(events[0]).toMatchObject({ type: "header", format: "minos-history", version: 1, run: "test-1" });
    expect(events[1]).toEqual(invoked);
    expect(events[2]).toEqual(completed);
    expect([invoked.time, completed.time]).toEqual([10, 25]);
    expect(sink.text().split("\n")[1]?.startsWith('{"type":"invoke","time":10')).toBe(true);
  });

  test("events at one moment of the clock are strictly ordered as they happened", () => {
    const { recorder, call, ok } = setUp();
    call(0);
    call(1);
    recorder.complete({ process: 1, ...ok }, recorder.ticket());
    recorder.complete({ process: 0, ...ok }, recorder.ticket());
    const times = recorder.events.flatMap((event) => ("time" in event ? [event.time] : []));
    expect(times).toEqual([0, 1, 2, 3]);
  });

  test("a completion is stamped with its ticket when nothing was written since", () => {
    const { time, recorder, call, ok } = setUp();
    call(0);
    time.now = 100;
    const ticket = recorder.ticket();
    time.now = 900;
    expect(recorder.complete({ process: 0, ...ok }, ticket).time).toBe(100);
  });

  test("a completion is put later, never earlier, when others were written after its ticket", () => {
    const { time, recorder, call, ok } = setUp();
    call(0);
    time.now = 100;
    const ticket = recorder.ticket();
    time.now = 500;
    call(1);
    expect(recorder.complete({ process: 0, ...ok }, ticket).time).toBe(501);
  });

  test("a call is in the file before anything can be sent", () => {
    const { sink, call } = setUp();
    const before = sink.bytesWritten;
    call(0);
    expect(sink.bytesWritten).toBeGreaterThan(before);
    expect(sink.text().endsWith("\n")).toBe(true);
  });

  test("a call that cannot be written throws, so that nothing is sent unrecorded", () => {
    let room = true;
    const sink = new MemorySink();
    const full = {
      append: (text: string) => {
        if (!room) throw new SinkError("disk-full", "the disk is full");
        sink.append(text);
      },
      close: () => {},
      bytesWritten: 0,
    };
    const recorder = new Recorder({ clock: () => 0, sink: full, header });
    room = false;
    const call = () => recorder.call({ process: 0, thread: 0, node: null, function: "get", key: null, input: null });
    expect(call).toThrow(SinkError);
    expect(recorder.openOperations).toBe(0);
    expect(recorder.events).toHaveLength(1);
  });

  test("a busy process cannot call", () => {
    const { call } = setUp();
    call(0);
    expect(() => call(0)).toThrow(RecorderMisuse);
  });

  test("a process whose operation ended with info never speaks again", () => {
    const { recorder, call } = setUp();
    call(0);
    recorder.complete({ process: 0, type: "info", function: "get", key: "k", output: null, error: "timeout" });
    expect(() => call(0)).toThrow(/must not speak again/);
    expect(() => call(4)).not.toThrow();
  });

  test("a completion needs its call, of the same function", () => {
    const { recorder, call, ok } = setUp();
    expect(() => recorder.complete({ process: 0, ...ok })).toThrow(/never called/);
    call(0);
    expect(() => recorder.complete({ process: 0, ...ok, function: "put" })).toThrow(/completes put/);
  });

  test("a return stamped before its call is refused", () => {
    const { time, recorder, call, ok } = setUp();
    const early = recorder.ticket();
    time.now = 5;
    call(0);
    expect(() => recorder.complete({ process: 0, ...ok }, early)).toThrow(/answered before it called/);
  });

  test("a clock that goes back is refused", () => {
    const { time, recorder, call } = setUp();
    time.now = 50;
    call(0);
    time.now = 49;
    expect(() => recorder.record({ type: "phase", phase: "end" })).toThrow(/went back/);
  });

  test("more events than the limit are refused", () => {
    const { recorder, call } = setUp(2);
    call(0);
    expect(() => recorder.record({ type: "phase", phase: "end" })).toThrow(/more than 2 events/);
  });

  test("subscribers see each event once, after it was written, until they leave", () => {
    const { sink, recorder, call } = setUp();
    const seen: number[] = [];
    const leave = recorder.subscribe((event) => {
      if ("time" in event) seen.push(event.time);
      expect(sink.text()).toContain(JSON.stringify(event));
    });
    call(0);
    leave();
    call(1);
    expect(seen).toEqual([0]);
  });

  test("without a sink the events are all there is, and it refuses to keep neither", () => {
    const recorder = new Recorder({ clock: () => 7, sink: null, header });
    recorder.record({ type: "phase", phase: "end" });
    expect(recorder.events.map(({ type }) => type)).toEqual(["header", "phase"]);
    expect(recorder.bytesWritten).toBe(0);
    expect(() => new Recorder({ clock: () => 7, sink: null, header, keepEvents: false })).toThrow(RecorderMisuse);
  });

  test("with keepEvents off the file is complete and nothing is kept in memory", () => {
    const sink = new MemorySink();
    const recorder = new Recorder({ clock: () => 7, sink, header, keepEvents: false });
    recorder.record({ type: "phase", phase: "end" });
    expect(recorder.events).toEqual([]);
    expect(recorder.eventCount).toBe(2);
    expect(parseJsonLines(sink.text()).events).toHaveLength(2);
  });

  test("a runner that stalls for 200 ms only makes operations longer", () => {
    // A real clock and a real stall: process 1's reply waits in the kernel while the runner is busy.
    const sink = new MemorySink();
    const recorder = new Recorder({ clock: systemClock(), sink, header });
    const call = (process: number) =>
      recorder.call({ process, thread: process, node: null, function: "get", key: "k", input: null });
    call(0);
    call(1);
    const repliedNs = recorder.ticket().timeNs;
    const until = performance.now() + 200;
    while (performance.now() < until);
    const ticket = recorder.ticket();
    recorder.complete({ process: 1, type: "ok", function: "get", key: "k", output: null }, ticket);
    recorder.complete({ process: 0, type: "ok", function: "get", key: "k", output: null }, ticket);
    for (const operation of operationsOf(recorder.events)) {
      expect(operation.callNs).toBeLessThanOrEqual(repliedNs);
      expect(operation.returnNs).toBeGreaterThanOrEqual(repliedNs + 190_000_000);
    }
  });
});
