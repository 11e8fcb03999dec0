import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTenant } from '../../simulator';
import type { Archive } from '../../src/archive/archive';
import { ArchiveError } from '../../src/archive/archive';
import { verifyArchive } from '../../src/archive/verify/verify';
import type { OperatorEvent } from '../../src/domain/operator-events';
import { noted } from '../../src/workflows/operator-events';
import { newEvidenceKey } from '../support/evidence-key';
import { startSource, type SourceUnderTest, type UnderTestOptions } from '../support/source-under-test';
import { until } from '../support/until';

// What operators do stands in the ledger, once each, before the window that follows: with real workflows and a real archive.

const BACKFILL = { BACKFILL_START: '2026-08-01' };
const AGAIN = '2026-09-15T00:00:00.000Z';

describe('in a source', () => {
  let under: SourceUnderTest;
  afterEach(() => under.close());

  const start = async (options: UnderTestOptions = {}): Promise<void> => {
    const tenant = createTenant({ chats: 6, messagesPerChat: 2 });
    under = await startSource({ simulator: { tenant }, settings: BACKFILL, ...options });
  };
  const lines = async (): Promise<Record<string, unknown>[]> => {
    const text = await readFile(join(under.folder, 'ledger.jsonl'), 'utf8').catch(() => '');
    return text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  };
  const kinds = async (): Promise<unknown[]> => (await lines()).map(({ event, outcome }) => event ?? outcome);
  const untilThere = (count: number) => until(async () => (await lines()).length >= count);
  const findings = async (): Promise<string[]> => {
    const found: string[] = [];
    await verifyArchive(under.folder, null, ({ kind }) => void found.push(kind));
    return found;
  };
  const rewind = (reason: string) => under.source.rewind({ to: AGAIN, skip: false, reason });

  test('each is recorded at once where an archive is there, or else by the first sync', async () => {
    await start();
    await under.source.pause('audit');
    await under.source.resume();
    expect(await lines()).toEqual([]);
    await under.sync();
    await under.source.pause('legal hold');
    await untilThere(4);
    await under.source.resume('the review is over');
    // Of no pause: nothing to record.
    await under.source.resume();
    await untilThere(5);
    const before = (await under.source.view()).memo?.syncedThrough;
    await rewind('a chat was missing');
    await under.sync();

    expect(await lines()).toMatchObject([
      { event: 'paused', reason: 'audit' },
      { event: 'resumed' },
      { outcome: 'completed' },
      { event: 'paused', reason: 'legal hold', time: expect.stringMatching(/^20.*Z$/) as unknown },
      { event: 'resumed', reason: 'the review is over' },
      { event: 'rewound', reason: 'a chat was missing', from: before, to: AGAIN, skip: false },
      { outcome: 'completed', from: AGAIN, rewound: true },
    ]);
    expect((await under.source.view()).memo?.events).toBeUndefined();
    expect(await findings()).toEqual([]);
    // The source knows the last line, whoever wrote it.
    await under.source.pause('once more');
    await untilThere(8);
    expect(await until(async () => (await under.source.view()).memo?.head?.n === 8)).toBe(true);
  });

  test('one whose answer was lost is there once, and a rewind names the window that it gave up before itself', async () => {
    let lost = 2;
    const losing = (archive: Archive): Archive => ({
      ...archive,
      async record(...given) {
        const head = await archive.record(...given);
        if (lost-- > 0) throw new ArchiveError('EIO', 'the answer is lost');
        return head;
      },
    });
    await start({ wrapArchive: losing });
    await under.sync();
    await under.source.pause('audit');
    await untilThere(2);
    await under.source.resume();
    await untilThere(3);
    const [broken] = [...under.simulator.tenant.chats.keys()];
    under.simulator.setFaults({ targets: [{ chatId: broken!, kind: '500-no-retry', times: 1000 }] });
    await rewind('again');
    await under.sync();
    under.simulator.setFaults();
    await rewind('and again');
    await under.sync();

    expect(await kinds()).toEqual([
      ...['completed', 'paused', 'resumed', 'rewound'],
      ...['abandoned', 'rewound', 'completed'],
    ]);
    expect(await findings()).toEqual([]);
  });

  test('what the archive does not take is kept, also when the source is terminated, and holds nothing up', async () => {
    let isAway = true;
    let tries = 0;
    const away = (archive: Archive): Archive => ({
      ...archive,
      record(...given) {
        tries += 1;
        return isAway ? Promise.reject(new ArchiveError('EIO', 'away')) : archive.record(...given);
      },
    });
    await start({ wrapArchive: away });
    await under.sync();
    const { runId } = await under.chain.describe();
    await under.source.pause('audit');
    await until(() => tries === 1);
    await under.source.pause('legal hold');
    await until(() => tries === 2);
    expect((await under.chain.describe()).runId).toBe(runId);
    await under.chain.terminate('by an operator');
    expect((await under.sync()).outcome).toBe('refused');
    await under.source.resume();
    await until(() => tries === 4);
    isAway = false;
    await under.nextSync();

    expect(await kinds()).toEqual(['completed', 'paused', 'paused', 'resumed', 'completed']);
    // One for each thing that was done, one for the run that was begun anew, and the sync's.
    expect(tries).toBe(5);
  });

  test('filters are recorded by the first sync that completes with others, and lines are signed from the first on', async () => {
    const { privateKey } = await newEvidenceKey();
    await start({ settings: { ...BACKFILL, EVIDENCE_KEY_FILE: privateKey } });
    await under.sync();
    const [user] = [...under.simulator.tenant.users.keys()];
    for (const settings of [{ USER_IDS: user! }, { USER_IDS: user! }, {}]) {
      await under.restart(settings);
      await under.nextSync();
    }
    const filters = (userIds: string[]) => ({ event: 'filters', organizationIds: [], projectIds: [], userIds });
    expect(await lines()).toMatchObject([
      { event: 'key' },
      { outcome: 'completed', query: { filters: null } },
      filters([user!]),
      { outcome: 'completed' },
      { outcome: 'completed' },
      filters([]),
      { outcome: 'completed', query: { filters: null } },
    ]);
    const [, , named, window] = await lines();
    expect((window?.['query'] as { filters: string }).filters).toBe(named?.['filters']);
    expect((await lines()).filter(({ signature }) => signature === undefined)).toEqual([]);
    expect(await findings()).toEqual([]);
    // Nothing of the key is in Temporal.
    const history = JSON.stringify(await under.chain.fetchHistory());
    expect(history).not.toContain('PRIVATE KEY');
  });
});

describe('noted', () => {
  const paused = (id: string, reason = ''): OperatorEvent => ({
    ...{ event: 'paused', id, reason },
    time: '2026-04-08T00:00:00.000Z',
  });

  it('keeps each once, in order', () => {
    const once = noted({}, paused('a'));
    expect(noted(once, paused('a', 'later'))).toEqual(once);
    expect(noted(once, paused('b')).events).toEqual([paused('a'), paused('b')]);
  });

  it('leaves out the oldest where there is no room, and says how many', () => {
    let kept: ReturnType<typeof noted> = {};
    for (let i = 0; i < 100; i++) kept = noted(kept, paused(String(i), '😀'.repeat(100)));
    const events = kept.events!;
    expect(JSON.stringify(events).length).toBeLessThan(4000);
    expect(events.at(-1)).toMatchObject({ id: '99' });
    expect(events[0]).toMatchObject({ id: String(100 - events.length), omitted: 100 - events.length });
  });
});
