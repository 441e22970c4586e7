// The text of `ss` read into numbers, on lines that a Linux kernel really printed.
import { expect, test } from "vitest";
import { parseSs } from "./ss.js";

const established =
  'ESTAB 0      0      127.0.0.1:49756 127.0.0.1:32783 users:(("toxiproxy-serve",pid=22112,fd=9)) ino:85394 sk:1002 cgroup:/ <-> bbr wscale:10,10 rto:204 rtt:0.017/0.007 ato:40 mss:32768 cwnd:11 bytes_sent:5 bytes_acked:6 bytes_received:3 segs_out:4 segs_in:3 data_segs_out:1 send 169622588235bps lastsnd:32 delivered:2 app_limited minrtt:0.017 snd_wnd:65536';

test("an established socket is read with its cookie, its process and its bytes", () => {
  expect(parseSs(`${established}\n`)).toEqual([
    {
      id: "sk:1002",
      state: "ESTAB",
      localHost: "127.0.0.1",
      localPort: 49756,
      peerHost: "127.0.0.1",
      peerPort: 32783,
      receivedBytes: 3,
      sentBytes: 5,
      pid: 22112,
    },
  ]);
});

test("without -e the four-tuple is the identity, and words that are missing count as nothing", () => {
  const [socket] = parseSs("ESTAB 0 0 10.77.1.2:7001 10.77.1.9:41000 cubic wscale:7,7 rto:204");
  expect(socket).toMatchObject({
    id: "10.77.1.2:7001-10.77.1.9:41000",
    receivedBytes: 0,
    sentBytes: 0,
    pid: null,
  });
});

test("a FIN, which the kernel counts as a byte, is not counted", () => {
  const lines = [
    "CLOSE-WAIT 0 0 127.0.0.1:1 127.0.0.1:2 sk:20 bytes_sent:3 bytes_acked:3 bytes_received:6",
    "FIN-WAIT-2 0 0 127.0.0.1:2 127.0.0.1:1 sk:1f bytes_sent:5 bytes_acked:7 bytes_received:3",
  ];
  expect(parseSs(lines.join("\n")).map(({ receivedBytes, sentBytes }) => [receivedBytes, sentBytes])).toEqual([
    [5, 3],
    [3, 5],
  ]);
});

test("bytes sent again count once, and a SYN not at all", () => {
  const lines = [
    "ESTAB 0 28 127.0.0.1:1 127.0.0.1:2 sk:1 bytes_sent:32536 bytes_retrans:28 bytes_acked:32509 bytes_received:1",
    "ESTAB 0 0 127.0.0.1:1 127.0.0.1:2 sk:2 bytes_acked:1",
  ];
  expect(parseSs(lines.join("\n")).map(({ sentBytes }) => sentBytes)).toEqual([32508, 0]);
});

test("IPv6, IPv4 in IPv6 and interface names are read as plain hosts", () => {
  const lines = ["ESTAB 0 0 [::1]:80 [fe80::1%eth0]:81 sk:1", "ESTAB 0 0 [::ffff:127.0.0.1]:80 127.0.0.1%lo:81 sk:2"];
  expect(parseSs(lines.join("\n")).map(({ localHost, peerHost }) => [localHost, peerHost])).toEqual([
    ["::1", "fe80::1"],
    ["127.0.0.1", "127.0.0.1"],
  ]);
});

test("what is no socket is left out", () => {
  expect(parseSs("\nNetid State Recv-Q\nss: command not found\nESTAB 0 0 * *\n")).toEqual([]);
});
