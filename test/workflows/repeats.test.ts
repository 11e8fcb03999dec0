import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createTenant } from '../../simulator';
import { expectExactly } from '../support/exact';
import { startSource, type SourceUnderTest } from '../support/source-under-test';

let under: SourceUnderTest;
let gateway: Server;
afterEach(async () => {
  await under.close();
  await new Promise((resolve) => gateway.close(resolve));
});

interface Page {
  chat_messages?: unknown[];
}

/** A gateway that delivers at least once: it ends each page of messages with a repetition, and begins the next with one. */
async function startGateway(target: () => string): Promise<string> {
  const lastOf = new Map<string, unknown>();
  gateway = createServer((request, response) => {
    void (async () => {
      const headers = { 'x-api-key': String(request.headers['x-api-key']) };
      const answer = await fetch(`${target()}${request.url ?? ''}`, { headers });
      const page = (await answer.json()) as Page;
      const path = String(request.url?.split('?')[0]);
      const messages = page.chat_messages;
      if (messages && messages.length > 0) {
        const last = messages.at(-1);
        const before = request.url?.includes('after_id') ? [lastOf.get(path)] : [];
        page.chat_messages = [...before, ...messages, last];
        lastOf.set(path, last);
      }
      response.writeHead(answer.status, { date: answer.headers.get('date') ?? '' });
      response.end(JSON.stringify(page));
    })();
  });
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
}

test('a message that the API delivers more than once comes out once', async () => {
  const tenant = createTenant({ chats: 6, messagesPerChat: 7 });
  const url = await startGateway(() => under.simulator.url);
  under = await startSource({
    simulator: { tenant },
    settings: { ANTHROPIC_BASE_URL: url, BACKFILL_START: '2026-08-01', PAGE_SIZE: '3' },
  });

  const report = await under.sync();

  expectExactly(await under.records(), tenant);
  expect(report).toMatchObject({ outcome: 'completed', chats: 6, messages: 42 });
  const [line] = await under.ledger();
  expect(line).toMatchObject({ chats: 6, records: 42 });
});
