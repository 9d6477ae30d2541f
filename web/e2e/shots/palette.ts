// Makes the pictures small: PNG as the browser writes it, 8 bits of red, green and blue,
// becomes PNG with a palette of 256 colours.
import { crc32, deflateSync, inflateSync } from "node:zlib";

interface Pixels {
  readonly width: number;
  readonly height: number;
  /** Red, green, blue of each pixel, as one number. */
  readonly colours: Uint32Array;
}

/**
 * A picture with at most 256 colours, or fewer where it would have more than `most` bytes
 * (shadows and gradients); the colours that it has most stay exactly as they are.
 */
export function withPalette(png: Buffer, most: number): Buffer {
  const picture = decode(png);
  const count = new Map<number, number>();
  for (const c of picture.colours) count.set(c, (count.get(c) ?? 0) + 1);
  for (let size = 256; ; size /= 2) {
    const palette = choose(count, size);
    const index = new Map<number, number>(palette.map((c, i) => [c, i]));
    for (const c of count.keys()) if (!index.has(c)) index.set(c, nearest(c, palette));
    const small = encode(picture, palette, index);
    if (small.length <= most || size <= 32) return small;
  }
}

/** The colours used most, and between the others the middles of boxes (median cut). */
function choose(count: ReadonlyMap<number, number>, size: number): number[] {
  const sorted = [...count].sort((a, b) => b[1] - a[1]);
  if (sorted.length <= size) return sorted.map(([c]) => c);
  const exact = size / 2;
  const boxes: [number, number][][] = [sorted.slice(exact)];
  while (boxes.length < size - exact) {
    boxes.sort((a, b) => weight(b) - weight(a));
    const box = boxes.shift();
    if (!box || box.length < 2) break;
    boxes.push(...halves(box));
  }
  return [...sorted.slice(0, exact).map(([c]) => c), ...boxes.map(mean)];
}

const part = (c: number, k: number) => (c >> (16 - 8 * k)) & 255;

function spread(box: readonly [number, number][], k: number): number {
  let [low, high] = [255, 0];
  for (const [c] of box) [low, high] = [Math.min(low, part(c, k)), Math.max(high, part(c, k))];
  return high - low;
}

function weight(box: readonly [number, number][]): number {
  if (box.length < 2) return 0;
  const size = Math.max(spread(box, 0), spread(box, 1), spread(box, 2));
  return size * Math.sqrt(box.reduce((n, [, x]) => n + x, 0));
}

function halves(box: [number, number][]): [number, number][][] {
  const k = [0, 1, 2].reduce((a, b) => (spread(box, b) > spread(box, a) ? b : a));
  box.sort((a, b) => part(a[0], k) - part(b[0], k));
  const middle = box.reduce((n, [, x]) => n + x, 0) / 2;
  let [at, sum] = [0, 0];
  while (at < box.length - 1 && sum < middle) sum += box[at++]?.[1] ?? 0;
  at = Math.max(1, at);
  return [box.slice(0, at), box.slice(at)];
}

function mean(box: readonly [number, number][]): number {
  const all = box.reduce((n, [, x]) => n + x, 0) || 1;
  const of = (k: number) => Math.round(box.reduce((n, [c, x]) => n + part(c, k) * x, 0) / all);
  return (of(0) << 16) | (of(1) << 8) | of(2);
}

function nearest(c: number, palette: readonly number[]): number {
  let [best, least] = [0, Infinity];
  palette.forEach((p, i) => {
    const d = 2 * (part(c, 0) - part(p, 0)) ** 2 + 4 * (part(c, 1) - part(p, 1)) ** 2 + (part(c, 2) - part(p, 2)) ** 2;
    if (d < least) [best, least] = [i, d];
  });
  return best;
}

/** Reads a PNG of 8 bits without interlacing, in RGB or RGBA (PNG specification, 9 and 11). */
function decode(png: Buffer): Pixels {
  const [width, height, depth, kind] = [png.readUInt32BE(16), png.readUInt32BE(20), png[24], png[25]];
  if (depth !== 8 || (kind !== 2 && kind !== 6)) throw new Error(`a PNG of kind ${kind} with ${depth} bits`);
  const bytes = kind === 2 ? 3 : 4;
  const data: Buffer[] = [];
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    if (png.toString("latin1", at + 4, at + 8) === "IDAT") data.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
  }
  const raw = inflateSync(Buffer.concat(data));
  const row = width * bytes;
  const colours = new Uint32Array(width * height);
  let above = new Uint8Array(row);
  for (let y = 0; y < height; y++) {
    const start = y * (row + 1);
    const line = unfilter(raw[start] ?? 0, raw.subarray(start + 1, start + 1 + row), above, bytes);
    for (let x = 0; x < width; x++) colours[y * width + x] = ((line[x * bytes] ?? 0) << 16) | ((line[x * bytes + 1] ?? 0) << 8) | (line[x * bytes + 2] ?? 0);
    above = line;
  }
  return { width, height, colours };
}

function unfilter(filter: number, from: Uint8Array, above: Uint8Array, bytes: number): Uint8Array<ArrayBuffer> {
  const line = new Uint8Array(from.length);
  for (let i = 0; i < from.length; i++) {
    const [a, b, c] = [line[i - bytes] ?? 0, above[i] ?? 0, i >= bytes ? (above[i - bytes] ?? 0) : 0];
    const guess = filter === 0 ? 0 : filter === 1 ? a : filter === 2 ? b : filter === 3 ? (a + b) >> 1 : paeth(a, b, c);
    line[i] = (from[i] ?? 0) + guess;
  }
  return line;
}

function paeth(a: number, b: number, c: number): number {
  const [pa, pb, pc] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)];
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

function encode(p: Pixels, palette: readonly number[], index: ReadonlyMap<number, number>): Buffer {
  const raw = Buffer.alloc((p.width + 1) * p.height);
  for (let y = 0; y < p.height; y++) for (let x = 0; x < p.width; x++) raw[y * (p.width + 1) + 1 + x] = index.get(p.colours[y * p.width + x] ?? 0) ?? 0;
  const head = Buffer.alloc(13);
  head.writeUInt32BE(p.width, 0);
  head.writeUInt32BE(p.height, 4);
  head.set([8, 3, 0, 0, 0], 8);
  const colours = Buffer.from(palette.flatMap((c) => [part(c, 0), part(c, 1), part(c, 2)]));
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk("IHDR", head), chunk("PLTE", colours), chunk("IDAT", deflateSync(raw, { level: 9 })), chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(name: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(name, "latin1"), data]);
  const [before, after] = [Buffer.alloc(4), Buffer.alloc(4)];
  before.writeUInt32BE(data.length);
  after.writeUInt32BE(crc32(body));
  return Buffer.concat([before, body, after]);
}
