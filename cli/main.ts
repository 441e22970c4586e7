#!/usr/bin/env node
// The `minos` command. Thin: each command of cli/commands reads its words, calls a room, prints, and answers with an exit code.
import { runCli } from "./cli.js";

process.exitCode = await runCli(process.argv.slice(2));
// Sockets and timers of a finished command must not keep the process; output is flushed first.
await Promise.all([process.stdout, process.stderr].map((stream) => new Promise((done) => stream.write("", done))));
process.exit(process.exitCode);
