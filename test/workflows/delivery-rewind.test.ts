import { recording } from '../support/recording-destination';
import { startSource, type SourceUnderTest } from '../support/source-under-test';
import { until } from '../support/until';

let sut: SourceUnderTest;
afterEach(() => sut.close());

/** Each rewind of the source gives the archive's folder another id, and "in another archive nothing is delivered yet". */
it('a rewind of the source to now or yesterday does not deliver the whole archive again', async () => {
  const some = recording();
  sut = await startSource({ settings: { BACKFILL_START: '2026-01-01' }, destinations: { some } });
  const { to } = await sut.sync();
  await until(async () => ((await sut.delivery('some').view())?.state.position?.entry ?? 0) > 1);
  const all = some.ids().length;
  expect(new Set(some.ids()).size).toBe(all);
  await sut.source.rewind({ to: to!, skip: false, reason: '' });
  const report = await sut.nextSync();
  const line = (await sut.ledger()).length;
  await until(async () => {
    const position = (await sut.delivery('some').view())?.state.position;
    return position && position.entry > line ? position : null;
  });
  // Nothing was read twice by the source.
  expect((await sut.records()).length).toBe(all + report.messages);
  expect(some.ids()).toHaveLength(all + report.messages);
});
