// `host:port` as Toxiproxy writes it, `[host]:port` for IPv6.
import type { Address } from "../types.js";

/** Throws what the API answers with when an address cannot be read. An empty host is left to the caller. */
export function parseAddress(text: string): Address {
  if (!text.includes(":")) throw new Error(`address ${text}: missing port in address`);
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*)):([0-9]{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65535) throw new Error(`address ${text}: invalid port`);
  return { host: match[1] ?? match[2] ?? "", port };
}

export function formatAddress(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
