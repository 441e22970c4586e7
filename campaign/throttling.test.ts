// Shows where the counts of this process's own control group are looked for, and how they are read.
import { expect, test } from "vitest";
import { parseThrottling, readThrottling, statFiles, throttledSince } from "./throttling.js";

test("version 1 counts nanoseconds, version 2 microseconds, and a group without a quota may count nothing", () => {
  expect(parseThrottling("nr_periods 9\nnr_throttled 2\nthrottled_time 70500000\n")).toEqual({ periods: 2, ms: 70.5 });
  expect(parseThrottling("usage_usec 1\nnr_periods 9\nnr_throttled 3\nthrottled_usec 1500\n")).toEqual({
    periods: 3,
    ms: 1.5,
  });
  expect(parseThrottling("usage_usec 1\nuser_usec 1\n")).toBeNull();
});

test("the group's own file comes first, then the root that is mounted in a container", () => {
  expect(statFiles("9:name=systemd:/a\n2:cpu,cpuacct:/a\n0::/\n")).toEqual([
    "/sys/fs/cgroup/cpu/a/cpu.stat",
    "/sys/fs/cgroup/cpu/cpu.stat",
    "/sys/fs/cgroup/cpu,cpuacct/a/cpu.stat",
    "/sys/fs/cgroup/cpu,cpuacct/cpu.stat",
    "/sys/fs/cgroup/cpu.stat",
  ]);
  expect(statFiles("0::/user.slice/mine\n")).toEqual([
    "/sys/fs/cgroup/user.slice/mine/cpu.stat",
    "/sys/fs/cgroup/cpu.stat",
  ]);
  expect(statFiles("")).toEqual([]);
});

test("what came to it since is told only where it was readable before", () => {
  expect(throttledSince(null)).toBeNull();
  const now = readThrottling();
  if (now !== null)
    expect(throttledSince({ periods: 0, ms: 0 })?.throttled_periods).toBeGreaterThanOrEqual(now.periods);
});
