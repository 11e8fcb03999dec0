import { once } from 'node:events';
import { createServer } from 'node:http';
import { answer } from '../../harness/dialogue';

const ID = '{"id":"';

/** An HTTP destination that notes the ids of what it takes. */
async function main(): Promise<void> {
  const distinct = new Set<string>();
  let records = 0;
  let requests = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      requests += 1;
      const body = Buffer.concat(chunks).toString();
      for (let at = 0; at < body.length; at = body.indexOf('\n', at) + 1) {
        records += 1;
        distinct.add(body.slice(at + ID.length, body.indexOf('"', at + ID.length)));
      }
      response.end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  answer({ url: `http://127.0.0.1:${port}/records` }, () => ({ requests, records, distinct: distinct.size }));
}

void main();
