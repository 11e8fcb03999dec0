import { Client } from 'undici';
import type { OpenPlain } from './spec';

const NEWLINE = Buffer.from('\n');

export const openHttp: OpenPlain = async ({ url }) => {
  const { origin, pathname } = new URL(url);
  const client = new Client(origin);
  return async (lines) => {
    const body = Buffer.concat(lines.flatMap((line) => [line, NEWLINE]));
    const headers = { 'content-type': 'application/x-ndjson' };
    const answer = await client.request({ method: 'POST', path: pathname, headers, body });
    await answer.body.dump();
    if (answer.statusCode !== 200) throw new Error(`status ${answer.statusCode}`);
  };
};
