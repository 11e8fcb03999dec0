import { createTenant } from '../../simulator';
import { expectExactly } from '../support/exact';
import { refusal } from '../support/gateway';
import { startBehindGateway } from '../support/gateway-source';
import { startSource, type SourceUnderTest, type UnderTestOptions } from '../support/source-under-test';

let under: SourceUnderTest;
afterEach(() => under.close());

const start = (options: UnderTestOptions): Promise<SourceUnderTest> =>
  startSource({ ...options, settings: { BACKFILL_START: '2026-08-01', ...options.settings } });

describe.each([
  { generation: 'now', listing: 'auto' },
  { generation: 'now', listing: 'per-user' },
  { generation: 'legacy', listing: 'auto' },
] as const)(
  'cursors that are refused, LISTING=$listing with a server of generation $generation',
  ({ generation, listing }) => {
    const settings = { LISTING: listing, PAGE_SIZE: '5' };
    const few = { usersPerOrganization: 5, messagesPerChat: 2 };

    test('it goes on from the time of the last chat', async () => {
      const spread = createTenant({ ...few, chats: 20 });
      under = await start({ simulator: { tenant: spread, generation }, settings });
      under.simulator.setCursorsExpired(true);

      expect((await under.sync()).outcome).toBe('completed');
      expectExactly(await under.records(), spread);
    });

    test('it does not turn in circles where that leads nowhere, and goes on when they are taken again', async () => {
      const at = '2026-09-10T10:00:00Z';
      const atOnce = createTenant({ ...few, chats: 20, from: at, to: at });
      under = await start({ simulator: { tenant: atOnce, generation }, settings });
      under.simulator.setCursorsExpired(true);
      expect((await under.sync()).reason).toMatch(/^ApiRefused: chats: the server refuses its own cursor/);

      under.simulator.setCursorsExpired(false);
      expect((await under.sync()).outcome).toBe('completed');
      expectExactly(await under.records(), atOnce);
    });
  },
);

test('users whose cursors are refused one after the other are all found', async () => {
  const tenant = createTenant({ usersPerOrganization: 12, chats: 60, messagesPerChat: 2 });
  const gateway = await startBehindGateway({ tenant, generation: 'legacy' }, { PAGE_SIZE: '5' });
  under = gateway;
  let pages = 0;
  // The second page, and what leads to it again twice.
  gateway.setGateway((_page, { pathname, searchParams }) => {
    if (!pathname.endsWith('/users') || !searchParams.has('page')) return undefined;
    pages += 1;
    return pages > 1 && pages <= 4 ? refusal(400, 'invalid_request_error', 'page: the cursor has expired') : undefined;
  });
  expect(await under.sync()).toMatchObject({ outcome: 'completed' });
  expectExactly(await under.records(), tenant, { wanted: ({ userId }) => userId !== null });
});

test('users whose cursor is refused are asked for a few times more, and found when it is taken again', async () => {
  const crowded = createTenant({ usersPerOrganization: 12, chats: 60, messagesPerChat: 2 });
  const settings = { PAGE_SIZE: '5' };
  under = await start({ simulator: { tenant: crowded, generation: 'legacy' }, settings });
  under.simulator.setCursorsExpired(true);
  expect((await under.sync()).reason).toBe('ApiRefused: users: the server refuses its own cursor');

  under.simulator.setCursorsExpired(false);
  expect((await under.sync()).outcome).toBe('completed');
  expectExactly(await under.records(), crowded);
});
