import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { createTenant, DEMO_KEY } from '../../simulator';
import { startSource, type SourceUnderTest } from '../support/source-under-test';

let under: SourceUnderTest;
afterEach(() => under.close());

/** Every history of the source and its requests, as Temporal holds them, payloads decoded. */
async function histories(): Promise<string> {
  const texts: string[] = [];
  const query = `WorkflowId = '${under.chain.workflowId}' OR WorkflowId STARTS_WITH 'request-sync/${under.source.name}'`;
  for await (const { workflowId, runId } of under.client.workflow.list({ query })) {
    const handle = under.client.workflow.getHandle(workflowId, runId);
    texts.push(historyToJSON(await handle.fetchHistory()));
    texts.push(JSON.stringify((await handle.describe()).memo ?? {}));
  }
  // Payloads are base64 in a history's JSON.
  return texts.map((text) => text.replaceAll(/"data": ?"([^"]*)"/g, (_, data: string) => atob(data))).join('\n');
}

test('it keeps message text, chat names, e-mail addresses and the key out of Temporal', async () => {
  const tenant = createTenant({ chats: 12, usersPerOrganization: 3 });
  under = await startSource({
    simulator: { tenant, faults: { rate: 0.2, seed: 3 } },
    serverHangs: true,
    settings: { BACKFILL_START: '2026-08-01' },
    policy: { maxHistoryEvents: 60 },
  });
  const chats = [...tenant.chats.values()];
  chats.forEach((chat, index) => tenant.renameChat(chat.id, `Zebra plan ${index}`));
  tenant.addMessage(chats[0]!.id, { content: [{ type: 'text', text: 'the giraffe is in the basement' }] });
  await under.sync();
  under.simulator.setFaults({ targets: [{ chatId: chats[1]!.id, kind: '500-no-retry', times: 1000 }] });
  tenant.addMessage(chats[1]!.id);
  await under.sync();

  const text = await histories();
  const found = (words: string[]): string[] => words.filter((word) => text.includes(word));

  // The search itself finds what is there.
  const ids = chats.map((chat) => chat.id);
  expect(found([...ids, 'ChatUnreadable'])).toEqual([...ids, 'ChatUnreadable']);
  const blocks = chats.flatMap((chat) => chat.messages.flatMap((message) => message.content));
  const texts = blocks.flatMap((block) => (typeof block['text'] === 'string' ? [block['text']] : []));
  const emails = [...tenant.users.values()].map((user) => user.email);
  expect(texts.length).toBeGreaterThan(20);
  expect(found([...texts, ...emails, 'Zebra plan', 'giraffe', '@example.com', DEMO_KEY])).toEqual([]);
});
