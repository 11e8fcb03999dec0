import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Archive } from '../../src/archive/archive';
import { createFolderArchive } from '../../src/archive/folder-archive';
import type { FileSystem } from '../../src/archive/folder/file-system';
import type { Finding } from '../../src/archive/verify/finding';
import { verifyArchive } from '../../src/archive/verify/verify';
import type { OperatorEvent } from '../../src/domain/operator-events';
import type { Window } from '../../src/domain/window';
import { readSigner } from '../../src/evidence-key';
import { newEvidenceKey, type KeyFiles } from '../support/evidence-key';
import { newFolder, removeFolders } from './output';
import { dyingFileSystem, Killed, plainFileSystem } from './watched-file-system';

// What operators do, which filters count and which key signs stand in the ledger once each, before the window that follows.

jest.setTimeout(120_000);

let dir: string;
let key: KeyFiles;
beforeEach(async () => {
  dir = await newFolder();
  key = await newEvidenceKey();
});
afterEach(removeFolders);

const open = (fs: FileSystem = plainFileSystem): Archive =>
  createFolderArchive({ dir, source: 'test', fs, readSigner: () => readSigner(key.privateKey) });
const unsigned = (): Archive => createFolderArchive({ dir, source: 'test', fs: plainFileSystem });
const window = (day: number): Window => ({
  ...{ epoch: 0, from: `2026-04-0${day}T00:00:00.000Z`, to: `2026-04-0${day + 1}T00:00:00.000Z` },
  archive: 'one',
});
const closing = (users: string[]) => ({
  ...{ outcome: 'completed' as const, totals: { chats: 0, records: 0 }, requestId: null },
  query: { listing: 'organization' as const, messages: 'new' as const, filters: users.join() || null },
  filterIds: { organizationIds: [], projectIds: [], userIds: users },
});
const paused = (id: string): OperatorEvent => ({
  event: 'paused',
  id,
  time: '2026-04-02T00:00:00.000Z',
  reason: 'audit',
});
const resumed = (id: string): OperatorEvent => ({ event: 'resumed', id, time: '2026-04-03T00:00:00.000Z' });

type Line = Record<string, unknown>;
async function linesNow(): Promise<Line[]> {
  const text = await readFile(join(dir, 'test', 'ledger.jsonl'), 'utf8');
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line);
}
const kindsNow = async (): Promise<unknown[]> => (await linesNow()).map(({ event, to }) => event ?? to);
async function findings(): Promise<Finding[]> {
  const found: Finding[] = [];
  await verifyArchive(join(dir, 'test'), null, (finding) => void found.push(finding));
  return found;
}

test('each is a line of its own, once, however often it is told and by whom', async () => {
  await unsigned().claim('one', null);
  const events = [paused('a'), resumed('b')];
  await Promise.all([
    unsigned().record('one', events),
    unsigned().record('one', events),
    unsigned().record('one', events),
  ]);
  expect(await unsigned().record('one', [...events, paused('c')])).toMatchObject({ n: 3 });
  await unsigned().commit(window(1), closing([]));

  expect(await linesNow()).toMatchObject([
    { n: 1, event: 'paused', id: 'a', time: '2026-04-02T00:00:00.000Z', reason: 'audit', prev: '0'.repeat(64) },
    { n: 2, event: 'resumed', id: 'b' },
    { n: 3, event: 'paused', id: 'c' },
    { n: 4, outcome: 'completed' },
  ]);
  expect(await findings()).toEqual([]);
  expect(await unsigned().last()).toMatchObject({ to: window(1).to });
});

test('none goes into an archive that is another one', async () => {
  await unsigned().claim('one', null);
  expect(await unsigned().record('two', [paused('a')])).toBeNull();
  await unsigned().commit(window(1), closing([]));
  expect(await kindsNow()).toEqual([window(1).to]);
});

test('filters are named where they change, and by whoever is late too', async () => {
  await unsigned().claim('one', null);
  const all: string[][] = [[], ['user_a'], ['user_a'], ['user_a', 'user_b'], []];
  for (const [index, users] of all.entries()) await unsigned().commit(window(index + 1), closing(users));
  await unsigned().commit(window(2), closing(['user_a']));

  const filters = (userIds: string[]) => ({ event: 'filters', userIds, filters: userIds.join() || null });
  const lines = await linesNow();
  expect(lines).toMatchObject([
    { to: window(1).to },
    filters(['user_a']),
    { to: window(2).to },
    { to: window(3).to },
    filters(['user_a', 'user_b']),
    { to: window(4).to },
    filters([]),
    { to: window(5).to },
  ]);
  expect(lines.filter((line) => 'outcome' in line && 'filterIds' in line)).toEqual([]);
});

test('wherever a worker dies, and the next one too, each line is there once, in order, and signed', async () => {
  const steps: ((archive: Archive) => Promise<unknown>)[] = [
    (archive) => archive.claim('one', null),
    (archive) => archive.record('one', [paused('a'), resumed('b')]),
    (archive) => archive.commit(window(1), closing(['user_a'])),
    (archive) => archive.record('one', [paused('c')]),
    (archive) => archive.commit(window(2), closing(['user_b'])),
  ];
  const expected = ['key', 'paused', 'resumed', 'filters', window(1).to, 'paused', 'filters', window(2).to];
  let deaths = 0;
  for (let at = 1, isOver = false; !isOver; at++) {
    dir = await newFolder();
    let left = [at, 1 + (at % 7)];
    const next = (): Archive => {
      const [number, ...rest] = left;
      left = rest;
      return open(number === undefined ? plainFileSystem : dyingFileSystem(number));
    };
    let archive = next();
    isOver = true;
    for (const step of steps) {
      for (let isDone = false; !isDone;) {
        try {
          await step(archive);
          isDone = true;
        } catch (error) {
          if (!(error instanceof Killed)) throw error;
          deaths += 1;
          isOver = false;
          archive = next();
        }
      }
    }
    expect(await kindsNow()).toEqual(expected);
    expect(await findings()).toEqual([]);
  }
  expect(deaths).toBeGreaterThan(60);
});

test('a key that is added to an archive, or changed, is named from there on', async () => {
  await unsigned().claim('one', null);
  await unsigned().commit(window(1), closing([]));
  await open().commit(window(2), closing([]));
  const first = (await readSigner(key.privateKey)).publicKey;
  key = await newEvidenceKey();
  await open().commit(window(3), closing([]));
  const second = (await readSigner(key.privateKey)).publicKey;

  expect(await linesNow()).toMatchObject([
    { to: window(1).to },
    { event: 'key', publicKey: first },
    { to: window(2).to },
    { event: 'key', publicKey: second },
    { to: window(3).to },
  ]);
  expect(await findings()).toEqual([]);
});

test('a line over the rest of a torn one is signed as any other', async () => {
  const archive = open();
  await archive.claim('one', null);
  await archive.commit(window(1), closing([]));
  await appendFile(join(dir, 'test', 'ledger.jsonl'), `{"n":3,"epoch":0,${'"from":'.repeat(200)}`);
  await open().commit(window(2), closing([]));
  expect(await kindsNow()).toEqual(['key', window(1).to, window(2).to]);
  expect(await findings()).toEqual([]);
});

test('nothing is written while the key cannot be read, and the window is closed once it can', async () => {
  const { privateKey } = key;
  const archive = open();
  await archive.claim('one', null);
  key = { ...key, privateKey: join(dir, 'not-there.pem') };
  await expect(archive.commit(window(1), closing([]))).rejects.toMatchObject({
    code: 'EVIDENCE_KEY',
    message: expect.stringContaining('EVIDENCE_KEY_FILE: it cannot be read (ENOENT)') as unknown,
  });
  key = { ...key, privateKey };
  expect(await archive.commit(window(1), closing([]))).toMatchObject({ n: 2 });
});
