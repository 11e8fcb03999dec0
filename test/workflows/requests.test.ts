import { readPause, readResume, readRewind, readSync } from '../../src/workflows/requests';
import { startSource, type SourceUnderTest } from '../support/source-under-test';
import { until } from '../support/until';

const NOW = Date.parse('2026-04-08T12:00:00Z');
const TO = '2026-04-01T00:00:00.000Z';
const LONG = 'x'.repeat(201);

/** What nobody means, and Temporal's Web UI and CLI send all the same. */
const NONSENSE: [string, unknown][] = [
  ['a number', 7],
  ['a text', TO],
  ['a list', [{ to: TO }]],
  ['true', true],
  ['bytes', new Uint8Array([1, 2])],
  ['an unknown field', { to: TO, toTime: TO }],
];

const BAD_REWINDS: [string, unknown][] = [
  ['no argument', undefined],
  ['null', null],
  ['an empty object', {}],
  ['a day in words', { to: 'yesterday' }],
  ['a day that is none', { to: '2026-02-30' }],
  ['a year that is none', { to: '0000-01-01T00:00:00+14:00' }],
  ['a number for a time', { to: NOW }],
  ['no time', { to: null }],
  ['a time in the future', { to: '2999-01-01T00:00:00Z' }],
  ['a word for skip', { to: TO, skip: 'yes' }],
  ['a reason that is too long', { to: TO, reason: LONG }],
  ['a reason that is no text', { to: TO, reason: { text: 'x' } }],
  ["a client's epoch", { to: TO, epoch: 99_999_999_999_999 }],
];

describe('what an update may hold', () => {
  it.each(NONSENSE)('is not %s', (_title, value) => {
    expect(() => readSync(value)).toThrow(/^sync takes/);
    expect(() => readPause(value)).toThrow(/^pause takes/);
    expect(() => readResume(value)).toThrow(/^resume takes/);
    expect(() => readRewind(value, NOW)).toThrow(/^rewind takes/);
  });

  it.each(BAD_REWINDS)('is, of a rewind, not %s', (_title, value) => {
    expect(() => readRewind(value, NOW)).toThrow(/^(rewind|`reason`)/);
  });

  it.each([undefined, null, {}])('is nothing, for those that need nothing: %p', (value) => {
    expect(() => readSync(value)).not.toThrow();
    expect(() => readResume(value)).not.toThrow();
    expect(readPause(value)).toEqual({ reason: '' });
  });

  it('is, of a rewind, any ISO 8601 time, cut to the second', () => {
    for (const to of ['2026-04-01', '2026-04-01T02:00:00.999+02:00', '2026-04-01 00:00'])
      expect(readRewind({ to }, NOW)).toEqual({ to: TO, skip: false, reason: '' });
  });

  it('is repeated in no refusal', () => {
    for (const value of [{ secret: 1 }, { to: 'secret' }, { to: TO, reason: 'secret'.repeat(99) }])
      expect(() => readRewind(value, NOW)).not.toThrow('secret');
  });
});

describe('a source that is updated from the Web UI or the CLI', () => {
  let under: SourceUnderTest;
  afterAll(() => under.close());

  const send = (name: string, [...args]: [unknown?]): Promise<unknown> =>
    args.length === 0 ? under.chain.executeUpdate(name) : under.chain.executeUpdate(name, { args: [args[0]] });

  it('refuses each wrong value, and stays as it was, readable and able to sync', async () => {
    under = await startSource({ settings: { BACKFILL_START: '2026-08-01' } });
    const { to } = await under.sync();
    const { memo } = await under.source.view();
    const huge = { to: TO, reason: 'x'.repeat(1_500_000) };
    const updates: [string, [unknown?]][] = [
      ...BAD_REWINDS.map(([, value]): [string, [unknown]] => ['rewind', [value]]),
      ...['sync', 'pause', 'resume', 'rewind'].flatMap((name) =>
        NONSENSE.map(([, value]): [string, [unknown]] => [name, [value]]),
      ),
      ['rewind', []],
      ['rewind', [huge]],
      ['pause', [huge]],
      ['pause', [{ reason: LONG }]],
      ['resume', [huge]],
      ['sync', [huge]],
    ];

    for (const [name, args] of updates) {
      await expect(send(name, args)).rejects.toThrow('Workflow Update failed');
    }

    expect((await under.source.view()).memo).toEqual(memo);
    expect(await under.sync()).toMatchObject({ outcome: 'completed', from: to });
  });

  it('takes each with as little as it needs', async () => {
    await under.chain.executeUpdate('pause', { args: [] });
    expect((await under.source.view()).memo?.paused).toMatchObject({ reason: '' });
    await under.chain.executeUpdate('resume', { args: [] });
    expect((await under.source.view()).memo?.paused).toBeUndefined();
    const before = (await under.source.view()).memo!.epoch;
    await under.chain.executeUpdate('rewind', { args: [{ to: '2026-09-01' }], updateId: 'an-operator' });
    const after = (await under.source.view()).memo!;
    expect(after).toMatchObject({ syncedThrough: '2026-09-01T00:00:00.000Z', rewoundBy: 'an-operator' });
    expect(after.epoch).toBeGreaterThan(before);
    await under.chain.executeUpdate('sync', { args: [] });
  });

  it('carries an update out once, also when it is sent again to a later run', async () => {
    const to = '2026-09-02T00:00:00.000Z';
    await until(async () => !(await under.source.view()).memo?.running);
    await under.chain.executeUpdate('rewind', { args: [{ to }], updateId: 'sent-twice' });
    const report = await under.sync();
    const before = (await under.source.view()).memo;
    expect(report).toMatchObject({ outcome: 'completed', from: to });

    await under.chain.executeUpdate('rewind', { args: [{ to }], updateId: 'sent-twice' });

    expect((await under.source.view()).memo).toEqual(before);
  });
});
