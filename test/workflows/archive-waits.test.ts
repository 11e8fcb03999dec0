import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createTenant } from '../../simulator';
import { expectExactly } from '../support/exact';
import { startSource, type SourceUnderTest } from '../support/source-under-test';
import { until } from '../support/until';

let under: SourceUnderTest;
afterEach(() => under.close());

/** What the sync waits for, once it is that. */
async function waitingFor(reason: RegExp): Promise<void> {
  await until(async () => reason.test((await under.source.view()).waitingFor ?? ''));
}

test('it waits for a folder that cannot be written, says so, and goes on when that is mended', async () => {
  const tenant = createTenant({ chats: 5 });
  under = await startSource({ simulator: { tenant }, settings: { BACKFILL_START: '2026-08-01' } });
  const fileDir = dirname(under.folder);
  await mkdir(dirname(fileDir), { recursive: true });
  await writeFile(fileDir, 'a file where the folder should be');

  const request = await under.request();
  await waitingFor(/ENOTDIR|EEXIST/);
  await rm(fileDir);

  expect((await under.reportOf(request)).outcome).toBe('completed');
  expectExactly(await under.records(), tenant);
});

test('it waits where the archive has forgotten what was published, instead of closing a window with less', async () => {
  const tenant = createTenant({ chats: 20, messagesPerChat: 1 });
  const settings = { BACKFILL_START: '2026-08-01', PAGE_SIZE: '10' };
  under = await startSource({ simulator: { tenant }, settings });
  const last = tenant.chatOrder.updated_at.entries().at(-1)!.item.id;
  under.simulator.setFaults({ targets: [{ chatId: last, kind: '500-no-retry', times: 1000 }] });
  expect((await under.sync()).outcome).toBe('failed');
  under.simulator.setFaults();

  await under.restart({ FILE_DIR: join(dirname(under.folder), 'another-volume') });
  const request = await under.request();
  await waitingFor(/ARCHIVE_LOST/);
  await under.restart(settings);

  expect((await under.reportOf(request)).outcome).toBe('completed');
  expectExactly(await under.records(), tenant);
});

test.each(['publish', 'commit', 'write'] as const)('a cancelled sync ends what its archive does: %s', async (name) => {
  const ended: unknown[] = [];
  const untilEnded = (signal: AbortSignal | undefined): Promise<never> =>
    new Promise((_, reject) =>
      signal?.addEventListener('abort', () => {
        ended.push(signal.reason);
        reject(signal.reason);
      }),
    );
  let arrived = (): void => undefined;
  const working = new Promise<void>((resolve) => (arrived = resolve));
  under = await startSource({
    simulator: { tenant: createTenant({ chats: 3 }) },
    settings: { BACKFILL_START: '2026-08-01' },
    wrapArchive: (archive) => ({
      ...archive,
      [name]: (...args: unknown[]) => {
        arrived();
        return untilEnded(args.find((arg) => arg instanceof AbortSignal));
      },
    }),
  });
  const request = await under.request();
  await working;

  await under.chain.cancel();

  const { outcome, reason } = await under.reportOf(request);
  expect({ outcome, reason }).toMatchObject({ outcome: 'failed', reason: expect.stringMatching(/^Cancelled/) });
  await until(() => ended.length > 0);
});
