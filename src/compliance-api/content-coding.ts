import { pipeline, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib';

type Chunks = AsyncIterable<Buffer>;

/** More codings than any server sends; each decoder takes memory. */
const mostCodings = 3;
/** The low four bits of a zlib stream's first byte; a raw deflate stream never has them. */
const zlib = 8;

const decoders = new Map<string, (chunks: Chunks) => Chunks>([
  ['identity', (chunks) => chunks],
  ['gzip', (chunks) => through(chunks, createGunzip())],
  ['x-gzip', (chunks) => through(chunks, createGunzip())],
  ['deflate', inflate],
  ['x-deflate', inflate],
  ['br', (chunks) => through(chunks, createBrotliDecompress())],
]);

/** Decodes a body by its `Content-Encoding`, or names the first coding that is not supported. */
export function decode(body: Chunks, header = ''): { decoded: Chunks } | { unknown: string } {
  const codings = header
    .split(',')
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== '');
  const unknown = codings.find((coding, place) => !decoders.has(coding) || place >= mostCodings);
  if (unknown !== undefined) return { unknown };
  return { decoded: codings.reduceRight((chunks, coding) => decoders.get(coding)?.(chunks) ?? chunks, body) };
}

const through = (chunks: Chunks, decoder: Transform): Chunks => pipeline(chunks, decoder, () => {});

/** `deflate` means a zlib stream, but some servers send raw deflate. */
async function* inflate(chunks: Chunks): Chunks {
  const rest = chunks[Symbol.asyncIterator]();
  const head = await rest.next();
  const first: Buffer = head.done ? Buffer.alloc(0) : head.value;
  const isZlib = ((first[0] ?? zlib) & 0x0f) === zlib;
  yield* through(all(first, rest), isZlib ? createInflate() : createInflateRaw());
}

async function* all(first: Buffer, rest: AsyncIterator<Buffer>): Chunks {
  yield first;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}
