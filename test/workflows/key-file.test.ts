import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTenant, DEMO_KEY } from '../../simulator';
import { expectExactly } from '../support/exact';
import { startSource, type SourceUnderTest } from '../support/source-under-test';
import { until } from '../support/until';

let under: SourceUnderTest;
afterEach(() => under.close());

test.each<[string, (file: string) => void, RegExp]>([
  ['is empty', (file) => writeFileSync(file, ''), /no-key, KEY_EMPTY.*KEY_FILE names: it is empty/],
  ['is not there', (file) => rmSync(file), /no-key, ENOENT.*KEY_FILE names: there is no such file/],
  [
    'holds something else',
    (file) => writeFileSync(file, `"${DEMO_KEY}"`),
    /no-key, KEY_IN_QUOTATION_MARKS.*it stands in quotation marks/,
  ],
])('a sync during which the key file %s waits, says for what, and goes on when the key is there', async (...row) => {
  const [, take, reason] = row;
  const file = join(mkdtempSync(join(tmpdir(), 'key-')), 'key');
  writeFileSync(file, `${DEMO_KEY}\n`);
  const tenant = createTenant({ chats: 6 });
  under = await startSource({
    simulator: { tenant },
    settings: { BACKFILL_START: '2026-08-01', ANTHROPIC_COMPLIANCE_ACCESS_KEY_FILE: file },
  });
  take(file);
  const request = await under.request();
  const view = await until(async () => {
    const seen = await under.source.view();
    return (seen.waitingFor !== null || (seen.memo?.reports.length ?? 0) > 0) && seen;
  });
  expect(view.waitingFor).toMatch(reason);
  expect(view.waitingFor).not.toContain(DEMO_KEY);
  expect(under.simulator.requests).toHaveLength(0);

  writeFileSync(file, DEMO_KEY);

  expect(await under.reportOf(request)).toMatchObject({ outcome: 'completed', chats: 6, requests: 8 });
  expectExactly(await under.records(), tenant);
});
