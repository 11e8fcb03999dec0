import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createTenant, type Tenant } from '../../simulator';
import { createFolderLog } from '../../src/archive/folder-log';
import { verificationWorkflowId } from '../../src/contract';
import type { verify as verifyWorkflow } from '../../src/workflows/verify';
import { verifyArchive } from '../../src/archive/verify/verify';
import type { VerifyRequest, Verified } from '../../src/domain/verification';
import { createVerification } from '../../src/verification';
import { expectExactly } from '../support/exact';
import { nextSecond, until } from '../support/until';
import { startSource, type SourceUnderTest } from '../support/source-under-test';

// What is in the archive and what the API says are compared, whatever is done to either of them.

let under: SourceUnderTest;
let tenant: Tenant;
afterEach(() => under.close());

const ALL: VerifyRequest = { what: 'messages', from: null, to: null, since: null, sample: null, repair: false };

async function start(chats = 6, messagesPerChat = 4): Promise<void> {
  tenant = createTenant({ chats, messagesPerChat });
  under = await startSource({ simulator: { tenant }, settings: { BACKFILL_START: '2026-08-01' } });
  expect(await under.sync()).toMatchObject({ outcome: 'completed', messages: chats * messagesPerChat });
}

async function verify(request: Partial<VerifyRequest> = {}): Promise<Verified> {
  const handle = await createVerification(under.client, under.source.name).start({ ...ALL, ...request });
  if (handle === null) throw new Error('another verification runs');
  return handle.result();
}

const chatIds = (): string[] => [...tenant.chats.keys()];

/** Takes records out of the parts, as somebody with an editor would. */
async function edit(change: (line: string) => string | null): Promise<void> {
  const folder = join(under.folder, 'messages');
  for (const name of await readdir(folder, { recursive: true })) {
    if (!name.endsWith('.ndjson')) continue;
    const lines = (await readFile(join(folder, name), 'utf8')).trimEnd().split('\n');
    const kept = lines.map(change).filter((line) => line !== null);
    await writeFile(join(folder, name), kept.map((line) => `${line}\n`).join(''));
  }
}

test('an archive that is complete is found to be so, at a request for each chat and one for each thousand', async () => {
  await start();
  const before = under.simulator.requests.length;
  const verified = await verify();
  expect(verified).toMatchObject({ listed: 6, compared: 6, messages: 24, missing: 0, different: 0, doubled: 0 });
  expect(verified).toMatchObject({ goneChats: 0, unread: 0, findings: null, requests: 7 });
  expect(under.simulator.requests.length - before).toBe(7);
  const events = (await readFile(join(under.folder, 'ledger.jsonl'), 'utf8')).match(/^.*"event":"verified".*$/gm) ?? [];
  expect(events.map((line) => JSON.parse(line) as object)).toMatchObject([
    { n: 2, what: 'messages', compared: 6, missing: 0 },
  ]);
  const wrong: string[] = [];
  await verifyArchive(under.folder, null, ({ says }) => void wrong.push(says));
  expect(wrong).toEqual([]);
  expect(await under.nextSync()).toMatchObject({ outcome: 'completed' });
});

test('a message deleted from a part by hand, one changed, and one doubled are named, and repair brings the first back once', async () => {
  await start();
  const records = await under.records();
  const [gone, changed, twice] = [records[1]!.id, records[6]!.id, records[12]!.id];
  // A sync looks at the last window's parts itself.
  tenant.addMessage(chatIds()[0]!, { content: 'later' });
  await under.nextSync();
  await edit((line) => {
    if (line.startsWith(`{"id":"${gone}"`)) return null;
    if (line.startsWith(`{"id":"${twice}"`)) return `${line}\n${line}`;
    return line.startsWith(`{"id":"${changed}"`) ? line.replace(/"text":"[^"]*"/, '"text":"altered"') : line;
  });
  const verified = await verify({ repair: true });
  expect(verified).toMatchObject({ missing: 1, different: 1, doubled: 1, unknownChats: 0, recovering: 1 });
  const findings = await readFile(join(under.folder, verified.findings!.path), 'utf8');
  for (const id of [gone, changed, twice]) expect(findings).toContain(id);
  expect(await under.nextSync()).toMatchObject({ outcome: 'completed', messages: 1, parked: 0 });
  const [, , line] = await under.ledger();
  expect(line).toMatchObject({ healed: [{ records: 1, missed: true }] });
  expect((await under.records()).filter(({ id }) => id === gone)).toHaveLength(1);
  expect(await verify()).toMatchObject({ missing: 0, different: 1, doubled: 1 });
});

test('chats that are gone and deleted since are told by id and count', async () => {
  await start();
  const [hard = '', soft = ''] = chatIds();
  tenant.hardDeleteChat(hard);
  tenant.deleteChat(soft);
  expect(await verify()).toMatchObject({ missing: 0, different: 0, goneChats: 2, goneMessages: 8 });
});

test('chats that come with old dates come out whole, with one census, each message once', async () => {
  await start();
  for (let i = 0; i < 12; i += 1) {
    const { id } = tenant.addChat({ at: '2026-08-10T12:00:00Z' });
    for (const second of [1, 2, 3]) tenant.addMessage(id, { at: `2026-08-10T12:00:0${second}Z` });
    tenant.setUpdatedAt(id, '2026-08-10T12:00:03Z');
  }
  expect(await under.nextSync()).toMatchObject({ outcome: 'completed', messages: 0 });
  expect(await verify({ what: 'chats' })).toMatchObject({ unknownChats: 12, missing: 36, recovering: 0 });
  expect(await verify({ what: 'chats', repair: true })).toMatchObject({
    unknownChats: 12,
    missing: 36,
    recovering: 12,
  });
  expect(await under.nextSync()).toMatchObject({ outcome: 'completed', messages: 36, parked: 0 });
  expectExactly(await under.records(), tenant);
  expect(await verify({ what: 'chats' })).toMatchObject({ unknownChats: 0, missing: 0 });
});

test('one that is asked for after a rewind, before the next sync, is in the ledger, too', async () => {
  await start(2, 1);
  await under.source.rewind({ to: '2026-09-01', skip: false, reason: 'test' });
  expect(await verify()).toMatchObject({ compared: 2, missing: 0 });
  await under.nextSync();
  const events = (await readFile(join(under.folder, 'ledger.jsonl'), 'utf8')).match(/"event":"\w+"/g);
  expect(events).toEqual(['"event":"verified"', '"event":"rewound"']);
});

test.each(['now', 'legacy'] as const)(
  'an organization that joins comes out with all that it had before: a server of generation %s',
  async (generation) => {
    tenant = createTenant({ chats: 3, messagesPerChat: 2 });
    under = await startSource({ simulator: { tenant, generation }, settings: { BACKFILL_START: '2026-08-01' } });
    await under.sync();
    const { uuid } = tenant.addOrganization({ at: '2026-08-05T12:00:00Z' });
    const users = [1, 2].map(() => tenant.addUser(uuid, { at: '2026-08-05T12:00:00Z' }).id);
    for (const userId of [...users, ...users]) {
      const { id } = tenant.addChat({ organizationUuid: uuid, userId, at: '2026-08-10T12:00:00Z' });
      for (const second of [1, 2]) tenant.addMessage(id, { at: `2026-08-10T12:00:0${second}Z` });
    }
    expect(await under.nextSync()).toMatchObject({ outcome: 'completed', messages: 0 });
    expect(await verify({ what: 'chats', repair: true })).toMatchObject({ unknownChats: 4, missing: 8, recovering: 4 });
    expect(await under.nextSync()).toMatchObject({ outcome: 'completed', messages: 8, parked: 0 });
    expectExactly(await under.records(), tenant);
  },
);

test('an archive whose last day is gone is no archive of this source, and how its messages come again is said', async () => {
  await start();
  tenant.addMessage(chatIds()[0]!, { content: 'later' });
  const { from } = await under.nextSync();
  const ledger = join(under.folder, 'ledger.jsonl');
  const [first = ''] = (await readFile(ledger, 'utf8')).split('\n');
  await writeFile(ledger, `${first}\n`);
  await rm(join(under.folder, '.staging'), { recursive: true, force: true });
  await expect(verify()).rejects.toMatchObject({
    cause: { cause: { message: expect.stringContaining(`rewind --to ${from}`) as string } },
  });
});

test('a message that surfaces late is found by a census, whether its chat says that it changed or not', async () => {
  await start();
  const [silent = '', told = ''] = chatIds();
  for (const chatId of [silent, told]) tenant.addMessage(chatId, { content: 'in time' });
  const { from, to } = await under.nextSync();
  // Both were created in the window that is closed; of one the time of change stays as it was.
  const at = new Date(Date.parse(to!) - 1000).toISOString();
  const before = new Date(tenant.chats.get(silent)!.updatedAt / 1000).toISOString();
  for (const chatId of [silent, told]) tenant.addMessage(chatId, { content: 'late', createdAt: at });
  tenant.setUpdatedAt(silent, before);
  tenant.setUpdatedAt(told, Date.now());
  expect(await under.nextSync()).toMatchObject({ messages: 0, unexplained: 1 });
  expect(await verify({ what: 'census', since: from, repair: true })).toMatchObject({
    ...{ compared: 2, missing: 2, unknownChats: 0, recovering: 2 },
  });
  expect(await under.nextSync()).toMatchObject({ messages: 2, parked: 0 });
  expectExactly(await under.records(), tenant);
});

test('a census begins by itself, and what it finds comes out with the next syncs', async () => {
  await start();
  await under.restart({ CENSUS_EVERY: '1s' });
  for (let i = 0; i < 3; i += 1) {
    const { id } = tenant.addChat({ at: '2026-08-10T12:00:00Z' });
    tenant.addMessage(id, { at: '2026-08-10T12:00:01Z' });
  }
  // Of the two seconds that begin, one is over since the first sync.
  await nextSecond();
  await under.nextSync();
  const handle = under.client.workflow.getHandle<typeof verifyWorkflow>(verificationWorkflowId(under.source.name));
  await until(() => handle.describe().catch(() => null));
  expect(await handle.result()).toMatchObject({ what: 'census', unknownChats: 3, recovering: 3 });
  expect(await under.nextSync()).toMatchObject({ messages: 3 });
  expectExactly(await under.records(), tenant);
});

test('five hundred chats come out over several syncs, and a chat that changes meanwhile too, each message once', async () => {
  await start();
  for (let i = 0; i < 500; i += 1) {
    const { id } = tenant.addChat({ at: '2026-08-10T12:00:00Z' });
    tenant.addMessage(id, { at: '2026-08-10T12:00:01Z' });
  }
  expect(await verify({ what: 'chats', repair: true })).toMatchObject({ unknownChats: 500, recovering: 500 });
  const changed = chatIds().slice(6, 26);
  for (const chatId of changed) tenant.addMessage(chatId, { content: 'now' });
  let messages = 0;
  for (let syncs = 0; syncs < 3; syncs += 1) messages += (await under.nextSync()).messages;
  expect(messages).toBe(520);
  expectExactly(await under.records(), tenant);
});

test.each(['before', 'after'])(
  'what ARCHIVE_KEEP has removed %s a first comparison comes out no second time',
  async (when) => {
    await start();
    if (when === 'after') await verify();
    const log = createFolderLog(dirname(under.folder), under.source.name);
    await log.remove(2, null, new Set());
    tenant.addMessage(chatIds()[0]!, { content: 'later' });
    await under.nextSync();
    expect(await verify({ repair: true })).toMatchObject({ compared: 6, missing: 0, recovering: 0 });
  },
);

test('a worker that is killed in the middle of a comparison costs nothing, and a sync meanwhile is not held up', async () => {
  await start(40, 2);
  await under.restart({ REQUESTS_PER_SECOND: '20' });
  const handle = await createVerification(under.client, under.source.name).start(ALL);
  await until(async () => under.simulator.requests.length > 60 || undefined);
  await under.restart({ REQUESTS_PER_SECOND: '1000' });
  tenant.addMessage(chatIds()[0]!, { content: 'meanwhile' });
  expect(await under.nextSync()).toMatchObject({ outcome: 'completed', messages: 1 });
  expect(await handle!.result()).toMatchObject({ compared: 40, messages: 80, missing: 0, unread: 0 });
});

test('with MESSAGES=all, what comes again with each change is not doubled', async () => {
  tenant = createTenant({ chats: 3, messagesPerChat: 2 });
  under = await startSource({
    simulator: { tenant },
    settings: { BACKFILL_START: '2026-08-01', MESSAGES: 'all' },
  });
  await under.sync();
  tenant.addMessage(chatIds()[0]!, { content: 'later' });
  expect(await under.nextSync()).toMatchObject({ messages: 3 });
  expect(await verify()).toMatchObject({ compared: 3, missing: 0, doubled: 0, different: 0 });
});

test('a census compares what changed since the last one that came to its end', async () => {
  await start();
  expect(await verify({ what: 'census' })).toMatchObject({ compared: 0 });
  tenant.addMessage(chatIds()[0]!, { content: 'later' });
  await under.nextSync();
  // One that was begun after that, and broke off, is no reason to pass it over.
  expect(await verify({ what: 'census', since: new Date().toISOString() })).toMatchObject({ compared: 1 });
});

test.each([0, 3])('what surfaces after a census is found by the next one, by a server %i days behind', async (days) => {
  const clock = (): number => Date.now() - days * 86_400_000;
  tenant = createTenant({ chats: 4 });
  under = await startSource({ simulator: { tenant, clock }, settings: { BACKFILL_START: '2026-08-01' } });
  const [chatId = ''] = chatIds();
  tenant.addMessage(chatId, { content: 'in time', at: new Date(clock() - 5000).toISOString() });
  const { to } = await under.sync();
  expect(await verify({ what: 'census', since: to })).toMatchObject({ missing: 0 });
  tenant.addMessage(chatId, { content: 'late', at: new Date(Date.parse(to!) - 3000).toISOString() });
  expect(await under.nextSync()).toMatchObject({ messages: 0 });
  expect(await verify({ what: 'census', since: to, repair: true })).toMatchObject({ compared: 1, missing: 1 });
});

test('a sync goes before a comparison', async () => {
  await start(220, 1);
  await under.restart({ REQUESTS_PER_SECOND: '20' });
  const handle = await createVerification(under.client, under.source.name).start(ALL);
  const { requests } = under.simulator;
  const before = requests.length;
  await until(() => requests.length > before + 70);
  // They were compared by now, and are not asked for again.
  const asKnown = requests.slice(before, before + 50).map(({ path }) => path);
  const changed = chatIds().filter((chatId) => asKnown.some((path) => path.includes(`/${chatId}/`)));
  for (const chatId of changed) tenant.addMessage(chatId, { content: 'new' });
  const asked = requests.length;
  expect(await under.nextSync()).toMatchObject({ outcome: 'completed', messages: changed.length });
  await handle!.terminate();
  const order = requests.slice(asked).map(({ path }) => changed.some((chatId) => path.includes(`/${chatId}/`)));
  const between = order.slice(order.indexOf(true), order.lastIndexOf(true));
  // Those that were in the queue when it began, and few since.
  expect(between.filter((isOfSync) => !isOfSync).length).toBeLessThan(changed.length / 2);
});
