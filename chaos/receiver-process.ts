import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { z } from 'zod';
import { spec } from '../harness/dialogue';
import { receiverSpecSchema } from './receiver';

const CUT_EVERY = 7;
const BUSY_EVERY = 11;

const recordSchema = z.object({ id: z.string() });

/**
 * An HTTP destination that keeps the key and the ids of what it takes, before it answers. It takes every seventh delivery and ends the connection
 * without a word; it answers every eleventh that it is busy.
 */
function main(): void {
  const { port, journal } = receiverSpecSchema.parse(spec());
  let requests = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      requests += 1;
      if (requests % BUSY_EVERY === 0) return void response.writeHead(503, { 'retry-after': '1' }).end();
      const lines = Buffer.concat(chunks).toString().split('\n').slice(0, -1);
      const ids = lines.map((line) => recordSchema.parse(JSON.parse(line)).id);
      appendFileSync(journal, `${JSON.stringify({ key: request.headers['idempotency-key'], ids })}\n`);
      if (requests % CUT_EVERY === 0) return void request.socket.destroy();
      response.end();
    });
  });
  server.listen(port, '127.0.0.1', () => process.send?.('ready'));
  process.on('SIGTERM', () => process.exit(0));
  process.on('disconnect', () => process.exit(0));
}

main();
