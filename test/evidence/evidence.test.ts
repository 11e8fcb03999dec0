import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createFolderArchive } from '../../src/archive/folder-archive';
import { createFolderLog } from '../../src/archive/folder-log';
import { partsIn } from '../../src/archive/read/parts';
import type { Closing } from '../../src/archive/archive';
import type { ReadChat } from '../../src/domain/published';
import type { Span } from '../../src/domain/window';
import { openRefusedFile } from '../../src/delivery/refused-file';
import { gatherEvidence, type Evidence } from '../../src/evidence/evidence';
import { pageOf } from '../../src/evidence/page';
import { publicKeysIn, readSigner } from '../../src/evidence-key';
import { newEvidenceKey, type KeyFiles } from '../support/evidence-key';
import { recordOf } from '../support/made-archive';
import { newFolder, removeFolders } from '../archive/output';

const ACME = '550e8400-e29b-41d4-a716-446655440000';
const OTHER = '660e8400-e29b-41d4-a716-446655440000';
const SECRET = 'a text that nobody but its reader may see';

let dir: string;
let key: KeyFiles;
const folder = (): string => join(dir, 'acme');
const open = () => createFolderArchive({ dir, source: 'acme', readSigner: () => readSigner(key.privateKey) });
const day = (number: number): string => `2026-04-0${number}T00:00:00.000Z`;

interface Written {
  window: Span & { epoch?: number };
  chats?: Record<string, string[]>;
  gone?: string[];
  healed?: Record<string, Span>;
  closing?: Partial<Closing>;
}

/** Writes a window as a sync does. */
async function write({ window: { epoch = 0, ...span }, chats = {}, gone = [], healed = {}, closing }: Written) {
  const archive = open();
  const window = { epoch, ...span, archive: 'an-archive' };
  const read: ReadChat[] = [];
  for (const [chatId, list] of Object.entries(chats)) {
    const records = list.map((json) => ({ id: '', createdAt: '', json: [Buffer.from(json)] }));
    const span = healed[chatId];
    read.push({ chatId, receipts: [await archive.write({ window, chatId, records })], ...(span && { healed: span }) });
  }
  const { totals } = await archive.publish(window, read, gone);
  await archive.commit(window, { outcome: 'completed', totals, requestId: null, build: '0.1.0', ...closing });
}

const message = (id: string, created: string, more: object = {}): string =>
  recordOf(id, { created_at: created, content: [{ type: 'text', text: SECRET }], organization_uuid: ACME, ...more });
const asked = (userIds: string[]): Partial<Closing> => ({
  query: { listing: 'organization', messages: 'new', filters: userIds.length > 0 ? `hash-${userIds.length}` : null },
  filterIds: { organizationIds: [], projectIds: [], userIds },
});

beforeEach(async () => {
  dir = await newFolder();
  key = await newEvidenceKey();
  await open().claim('an-archive', null);
  await write({
    window: { from: day(1), to: day(3) },
    chats: {
      'chat-1': [message('m1', day(1)), message('m2', '2026-04-02T23:59:59.999Z')],
      // 2 April, by UTC.
      'chat-2': [message('m3', '2026-04-03T01:30:00+02:00', { organization_uuid: OTHER, content: [] })],
    },
    gone: ['chat-gone'],
    closing: { ...asked([]), firstRequestId: 'req_first', requestId: 'req_second', parked: ['chat-parked'] },
  });
  const time = '2026-04-03T08:00:00.000Z';
  await open().record('an-archive', [
    { event: 'paused', id: 'one', time, reason: 'legal hold | review' },
    { event: 'resumed', id: 'two', time },
  ]);
  await write({
    window: { from: day(3), to: day(4) },
    chats: { 'chat-3': [message('m4', day(3))], 'chat-parked': [message('m5', '2026-04-02T12:00:00Z')] },
    healed: { 'chat-parked': { from: day(1), to: day(4) } },
    closing: { ...asked(['user_a', 'user_b']), firstRequestId: 'req_third', requestId: 'req_fourth', build: '0.2.0' },
  });
});
afterEach(removeFolders);

const gather = (from: string | null = null, to: string | null = null, publicKeys: string[] | null = null) =>
  gatherEvidence({ folder: folder(), span: { from, to }, build: '0.2.0', now: new Date(0), publicKeys });
const countsOf = ({ messages }: Evidence) =>
  messages.map((count) => `${count.organizationUuid.slice(0, 3)} ${count.day} ${count.messages} ${count.deleted}`);

test('it holds what the archive says of a time, by line', async () => {
  const evidence = await gather();
  expect(countsOf(evidence)).toEqual([
    '550 2026-04-01 1 0',
    '550 2026-04-02 2 0',
    '550 2026-04-03 1 0',
    '660 2026-04-02 1 1',
  ]);
  expect(evidence).toMatchObject({
    ...{ source: 'acme', archive: 'an-archive', madeAt: '1970-01-01T00:00:00.000Z', madeBy: '0.2.0' },
    verification: { right: true, windows: 2, records: 5, head: { n: 6 }, findings: [] },
    keys: [{ n: 1, publicKey: (await readSigner(key.privateKey)).publicKey }],
    askedFor: [
      { n: 2, from: day(1), listing: 'organization', messages: 'new', filters: null, ids: null },
      { n: 6, from: day(3), filters: 'hash-2', ids: { userIds: ['user_a', 'user_b'] } },
    ],
    builds: [
      { n: 2, build: '0.1.0' },
      { n: 6, build: '0.2.0' },
    ],
    windows: [
      { n: 2, from: day(1), to: day(3), records: 3, firstRequestId: 'req_first', lastRequestId: 'req_second' },
      { n: 6, from: day(3), to: day(4), records: 2, firstRequestId: 'req_third', lastRequestId: 'req_fourth' },
    ],
    parked: [{ n: 2, chatId: 'chat-parked', from: day(1), to: day(3), recoveredBy: 6 }],
    recovered: [{ n: 6, chatId: 'chat-parked', from: day(1), to: day(4), records: 1 }],
    gone: [{ n: 2, chatId: 'chat-gone' }],
    events: [{ event: 'key' }, { event: 'paused' }, { event: 'resumed' }, { event: 'filters' }],
  });
});

test('of a span it says what is of that span, also where that was recovered later', async () => {
  const evidence = await gather(day(2), day(3));
  expect(countsOf(evidence)).toEqual(['550 2026-04-02 2 0', '660 2026-04-02 1 1']);
  expect(evidence).toMatchObject({ windows: [{ n: 2 }], recovered: [{ n: 6 }], events: [] });
  expect(countsOf(await gather(day(4)))).toEqual([]);
  expect(await gather(day(4))).toMatchObject({ windows: [], gone: [], parked: [], verification: { windows: 2 } });
});

test('tells of a comparison with the API what it found, in words that a person can read', async () => {
  const figures = { listed: 9, compared: 8, messages: 70, requests: 10, unread: 0, recovering: 1 };
  const found = { missing: 2, unknownChats: 1, doubled: 0, different: 0, goneChats: 0, goneMessages: 0 };
  const findings = { path: 'verifications/a-run.ndjson', sha256: 'ab'.repeat(32) };
  await open().record('an-archive', [
    {
      ...{ event: 'verified', id: 'a-run', time: day(5), what: 'messages', from: day(1), to: day(4), sample: null },
      ...figures,
      ...found,
      findings,
    },
  ]);
  const page = pageOf(await gather(), null);
  expect(page).toMatch(/\| verified \| .*missing `2`.*verifications\/a-run\.ndjson/);
  expect(page).not.toMatch(/\[object|sample/);
});

test('what a rewind read again stands for itself, and the rewind with its reason', async () => {
  const rewound = { event: 'rewound', id: 'three', time: new Date().toISOString(), from: day(4), to: day(3) } as const;
  await open().record('an-archive', [{ ...rewound, skip: false, reason: 'a mistake' }]);
  await write({ window: { epoch: 7, from: day(3), to: day(4) }, chats: { 'chat-3': [message('m4', day(3))] } });
  const { messages, events } = await gather(day(3), day(4));
  expect(messages).toMatchObject([
    { epoch: 0, day: '2026-04-03', messages: 1 },
    { epoch: 7, day: '2026-04-03', messages: 1 },
  ]);
  expect(events.at(-1)).toMatchObject({ event: 'rewound', to: day(3), reason: 'a mistake' });
});

test('the page says it all in Markdown, and nothing that a message says', async () => {
  const evidence = await gather();
  const { n, sha256 } = evidence.verification.head!;
  const page = pageOf(evidence, { name: 'evidence.json', sha256: 'abc' });
  for (const said of [
    '| `550e8400-e29b-41d4-a716-446655440000` | 2026-04-02 | 0 | 2 | 0 |',
    '| 2026-04-04 | 1 | 2 | 2 | `req_third` | `req_fourth` |',
    '| 6 | 2026-04-03T00:00:00.000Z | organization | new | `hash-2`: users `user_a`, `user_b` |',
    '| 2 | `chat-parked` | 2026-04-01T00:00:00.000Z | 2026-04-03T00:00:00.000Z | 6 |',
    '| 2 | `chat-gone` |',
    '| 3 | 2026-04-03T08:00:00.000Z | paused | reason `legal hold \\| review` |',
    `chat-sync verify --archive --head ${n}:${sha256}`,
    '| details | `evidence.json`, SHA-256 `abc` |',
    'compliance_api_accessed',
    '| the whole archive is | right: 2 windows',
  ]) {
    expect(page).toContain(said);
  }
  for (const text of [page, JSON.stringify(evidence)]) expect(text).not.toMatch(/nobody but|A chat|user@example/);
});

test('it says what is not counted since ARCHIVE_KEEP removed it, and what a destination refuses', async () => {
  const [first = ''] = await partsIn(folder());
  const log = createFolderLog(dir, 'acme', () => readSigner(key.privateKey));
  await log.remove(3, null, new Set());
  const window = { epoch: 0, from: day(3), to: day(4) };
  const refused = { id: 'm4', code: 'too-large', at: day(4), entry: 6, part: first, byte: 0, window };
  await (await openRefusedFile(log, 'splunk-hec')).add([refused]);
  // A build before made it there.
  await mkdir(join(folder(), 'refused', '.splunk-hec.jsonl'));

  const evidence = await gather();
  expect(evidence).toMatchObject({
    verification: { right: true },
    notCounted: [{ n: 2, records: 3 }],
    refused: [{ destination: 'splunk-hec', id: 'm4', code: 'too-large' }],
  });
  expect(countsOf(evidence)).toEqual(['550 2026-04-02 1 0', '550 2026-04-03 1 0']);
  expect(pageOf(evidence, null)).toMatch(/Not all are counted:\*\* of 1 windows \(lines 2 to 2\), with 3 records/);
  expect((await gather(day(1), day(3))).refused).toEqual([]);
});

test('an archive that is not what was written is said to be so on the page', async () => {
  const [first = ''] = await partsIn(folder());
  const text = await readFile(join(folder(), first), 'utf8');
  await writeFile(join(folder(), first), text.replace('"m1"', '"m9"'));
  const evidence = await gather();
  expect(evidence.verification).toMatchObject({ right: false, findings: [{ kind: 'part-altered' }] });
  expect(pageOf(evidence, null)).toMatch(
    /\*\*The archive is not what was written.*holds something else than was written/s,
  );
  await rm(join(folder(), first));
  expect((await gather()).notCounted).toEqual([{ n: 2, records: 3 }]);
});

test('a key that is not the one that was given makes it wrong', async () => {
  const given = publicKeysIn(await readFile(key.publicKey, 'utf8'));
  expect((await gather(null, null, given)).verification.right).toBe(true);
  const other = publicKeysIn(await readFile((await newEvidenceKey()).publicKey, 'utf8'));
  expect((await gather(null, null, other)).verification).toMatchObject({ right: false });
});

test('an archive without a line has a page too', async () => {
  dir = await newFolder();
  await open().claim('an-archive', null);
  const evidence = await gather();
  expect(evidence).toMatchObject({ windows: [], messages: [], verification: { right: false, head: null } });
  expect(pageOf(evidence, null)).toContain('The archive has no line yet.');
});
