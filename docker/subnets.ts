// Which addresses a run takes: one block of 256, cut into subnets of 8, that no network of the engine and no route of this
// machine overlaps. Two runs that choose at the same time may choose the same block: the engine refuses the second one, who then
// tries the next.
import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";

/** An IPv4 network: first address and prefix length. */
export interface Subnet {
  readonly base: number;
  readonly prefix: number;
}

/** Rarely used by others; 4096 blocks. */
export const defaultPool = "10.208.0.0/12";
const blockPrefix = 24;
const subnetPrefix = 29;
/** Subnets in a block: one for each node and one for the way to the host. */
export const subnetsPerBlock = 2 ** (subnetPrefix - blockPrefix);

export function parseSubnet(text: string): Subnet | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text);
  if (match === null) return null;
  const numbers = match.slice(1).map(Number);
  const prefix = numbers.pop() ?? 33;
  if (prefix > 32 || numbers.some((number) => number > 255)) return null;
  const address = numbers.reduce((sum, number) => sum * 256 + number, 0);
  return { base: address - (address % 2 ** (32 - prefix)), prefix };
}

export function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
}

export function formatSubnet(subnet: Subnet): string {
  return `${formatAddress(subnet.base)}/${subnet.prefix}`;
}

const sizeOf = (subnet: Subnet): number => 2 ** (32 - subnet.prefix);

export function overlap(a: Subnet, b: Subnet): boolean {
  return a.base < b.base + sizeOf(b) && b.base < a.base + sizeOf(a);
}

/** Up to `limit` free blocks of the pool, beginning at a place given by `start` (any non-negative integer). */
export function freeBlocks(pool: Subnet, taken: readonly Subnet[], start: number, limit: number): readonly Subnet[] {
  if (pool.prefix > blockPrefix) throw new Error(`the pool ${formatSubnet(pool)} is smaller than one /${blockPrefix}`);
  const count = 2 ** (blockPrefix - pool.prefix);
  const blocks: Subnet[] = [];
  for (let index = 0; index < count && blocks.length < limit; index++) {
    const block = { base: pool.base + ((start + index) % count) * 2 ** (32 - blockPrefix), prefix: blockPrefix };
    if (!taken.some((other) => overlap(block, other))) blocks.push(block);
  }
  return blocks;
}

export function subnetOf(block: Subnet, index: number): Subnet {
  if (index < 0 || index >= subnetsPerBlock)
    throw new Error(`a block has ${subnetsPerBlock} subnets, not ${index + 1}`);
  return { base: block.base + index * 2 ** (32 - subnetPrefix), prefix: subnetPrefix };
}

/** Networks that this machine is on or has a route to, the default route left out. */
export function hostSubnets(): readonly Subnet[] {
  const interfaces = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .map((address) => (address.family === "IPv4" && address.cidr !== null ? parseSubnet(address.cidr) : null));
  return [...interfaces, ...routes()].filter((subnet) => subnet !== null);
}

function routes(): readonly (Subnet | null)[] {
  try {
    return parseRoutes(readFileSync("/proc/net/route", "utf8"));
  } catch {
    return []; // Not Linux: the interfaces' own networks must do.
  }
}

/** /proc/net/route: destination and mask are hexadecimal, least significant byte first. */
export function parseRoutes(text: string): readonly Subnet[] {
  const fromHex = (hex: string): number =>
    [6, 4, 2, 0].reduce((sum, at) => sum * 256 + Number.parseInt(hex.slice(at, at + 2), 16), 0);
  return text
    .split("\n")
    .slice(1)
    .flatMap((line) => {
      const [, destination, , , , , , mask] = line.trim().split(/\s+/);
      if (destination === undefined || mask === undefined) return [];
      const ones = fromHex(mask).toString(2).replaceAll("0", "").length;
      return ones === 0 ? [] : [{ base: fromHex(destination), prefix: ones }];
    });
}
