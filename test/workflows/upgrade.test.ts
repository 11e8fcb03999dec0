import { cp } from 'node:fs/promises';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTenant } from '../../simulator';
import type { State } from '../../src/domain/state';
import { expectExactly } from '../support/exact';
import { startSource, type SourceUnderTest } from '../support/source-under-test';

let under: SourceUnderTest;
afterEach(() => under.close());

const histories = join(__dirname, '../histories');
const versions = readdirSync(histories).filter((name) => existsSync(join(histories, name, 'mid-window')));

test.each(versions)('a source that %s left in the middle of a window goes on with it', async (version) => {
  const recorded = join(histories, version, 'mid-window');
  const state = JSON.parse(readFileSync(join(recorded, 'state.json'), 'utf8')) as State;
  const tenant = createTenant({ chats: 8, messagesPerChat: 2 });
  under = await startSource({ simulator: { tenant }, settings: { BACKFILL_START: '2026-08-01' }, name: state.source });
  await cp(join(recorded, 'archive'), under.folder, { recursive: true });
  await under.goOnFrom(state);

  const report = await under.sync();

  const { from, to } = state.unfinished!.window;
  expect(report).toMatchObject({ outcome: 'completed', from, to, chats: 8 });
  expectExactly(await under.records(), tenant, { from, to });
  // What was read before is not read again.
  expect(under.simulator.requests.filter(({ path }) => path.endsWith('/messages'))).toHaveLength(1);
});
