// The `minos` command: words in, a room called, text or one JSON document out, and an exit code (0 valid, 1 violation,
// 2 unknown, 254 bad usage, 255 crash).
export { runCli } from "./cli.js";
