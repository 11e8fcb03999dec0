import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { createTenant, type Tenant } from '../../simulator';
import { deliveryWorkflowId, verificationWorkflowId } from '../../src/contract';
import { DestinationError } from '../../src/destinations/destination';
import { createVerification } from '../../src/verification';
import { version } from '../../src/version';
import { recording } from '../support/recording-destination';
import { startSource, type SourceUnderTest, type UnderTestOptions } from '../support/source-under-test';
import { nextSecond, until } from '../support/until';

// Not a test: `npm run record-histories` runs it to write what replay.test.ts and upgrade.test.ts hold every later build to.
// Those of earlier versions stay.

const folder = join(__dirname, version);

const BACKFILL = { BACKFILL_START: '2026-08-01' };
let under: SourceUnderTest;
let tenant: Tenant;

async function source(options: UnderTestOptions = {}, chats = 6): Promise<void> {
  tenant = createTenant({ chats, messagesPerChat: 2 });
  under = await startSource({ settings: BACKFILL, ...options, simulator: { tenant, ...options.simulator } });
}

async function save(name: string, workflowId: string, runId?: string): Promise<void> {
  const history = await under.client.workflow.getHandle(workflowId, runId).fetchHistory();
  const json: unknown = JSON.parse(historyToJSON(history), withoutThisMachine);
  await writeFile(join(folder, `${name}.json`), `${JSON.stringify(json)}\n`);
}

/** Replay needs neither who ran it nor where its files lay. */
function withoutThisMachine(key: string, value: unknown): unknown {
  if (key === 'stackTrace') return '';
  return typeof value === 'string' ? value.replace(/^\d+@[\w.]+/, 'worker') : value;
}

/** The runs of the chain that are over, oldest first. */
async function closedRuns(): Promise<string[]> {
  const runs: { runId: string; startTime: Date }[] = [];
  const query = `WorkflowId = '${under.chain.workflowId}' AND ExecutionStatus != 'Running'`;
  for await (const run of under.client.workflow.list({ query })) runs.push(run);
  return runs.sort((a, b) => a.startTime.getTime() - b.startTime.getTime()).map((run) => run.runId);
}

async function saveRuns(name: string): Promise<void> {
  const runs = await closedRuns();
  for (const [index, runId] of runs.entries()) await save(`${name}-${index + 1}`, under.chain.workflowId, runId);
}

const breakChat = (kind: '500' | '500-no-retry'): void =>
  under.simulator.setFaults({ targets: [{ chatId: [...tenant.chats.keys()][0]!, kind, times: 1000 }] });

const untilRefused = async (): Promise<void> => {
  await until(() => under.simulator.requests.some(({ status }) => status === 500));
};

beforeAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder);
});
afterEach(() => under.close());

test('first sync, and one with nothing to do', async () => {
  const now = Date.now() - 3_600_000;
  await source({ simulator: { clock: () => now } });
  const request = await under.request();
  await under.reportOf(request);
  await save('request-completed', request.workflowId);
  await under.sync();
  await saveRuns('backfill-then-idle');
});

test('a first sync that begins at now', async () => {
  await source({ settings: {} });
  await under.sync();
  await saveRuns('begin-at-now');
});

test('failure, and retry at the checkpoint', async () => {
  await source();
  breakChat('500-no-retry');
  const request = await under.request();
  await under.reportOf(request);
  await save('request-failed', request.workflowId);
  under.simulator.setFaults();
  await under.sync();
  await saveRuns('failure-then-retry');
});

test('continue as new in the middle of a page', async () => {
  // At 2 a second 64 chats are scheduled ahead: takes 40 s.
  await source({ policy: { maxHistoryEvents: 60, requestsPerSecond: 2 } }, 80);
  await under.sync();
  await saveRuns('long-page');
});

test('pause, refusal, resume', async () => {
  await source();
  await under.source.pause('audit');
  const request = await under.request();
  await under.reportOf(request);
  await save('request-refused', request.workflowId);
  await under.source.resume();
  await under.sync();
  await saveRuns('pause-resume');
});

test('rewind, which gives up a window', async () => {
  await source();
  breakChat('500-no-retry');
  await under.sync();
  under.simulator.setFaults();
  await under.source.rewind({ to: '2026-09-15T00:00:00.000Z', skip: false, reason: 'recorded' });
  await under.sync();
  await saveRuns('rewind');
});

test('cancel in the middle of a sync, and idle', async () => {
  await source();
  breakChat('500');
  const request = await under.request();
  await untilRefused();
  await under.chain.cancel();
  await under.reportOf(request);
  const { runId } = await under.chain.describe();
  await under.chain.cancel();
  await until(async () => (await under.chain.describe()).runId !== runId);
  await saveRuns('cancel-then-idle-cancel');
});

test('adoption after terminate', async () => {
  await source();
  breakChat('500');
  const request = await under.request();
  await untilRefused();
  await under.chain.terminate('recorded');
  under.simulator.setFaults();
  await under.reportOf(request);
  await save('request-asks-again', request.workflowId);
  await saveRuns('terminate-then-adopt');
});

test('per user, with groups left over to a new run', async () => {
  tenant = createTenant({ organizations: 2, usersPerOrganization: 25, chats: 60, messagesPerChat: 2 });
  const simulator = { tenant, generation: 'legacy' } as const;
  under = await startSource({ settings: { ...BACKFILL, PAGE_SIZE: '15' }, policy: { maxHistoryEvents: 120 }, simulator });
  await under.sync();
  await saveRuns('per-user');
});

test('per user by creation', async () => {
  await source({ settings: { ...BACKFILL, LISTING: 'per-user' } });
  await under.sync();
  await saveRuns('per-user-by-creation');
});

test('a listing that the server refuses', async () => {
  await source({ settings: { ...BACKFILL, USER_IDS: 'user_a', LISTING: 'organization' }, simulator: { generation: 'legacy' } });
  await under.sync();
  await saveRuns('listing-refused');
});

test('parking, and healing in the next sync', async () => {
  await source({ settings: { ...BACKFILL, ON_CHAT_FAILURE: 'park' } });
  breakChat('500-no-retry');
  await under.sync();
  under.simulator.setFaults();
  await nextSecond();
  await nextSecond();
  await under.sync();
  await saveRuns('parked-then-healed');
});

test('a verification, and the sync that brings what it missed', async () => {
  await source();
  await under.sync();
  const { id } = tenant.addChat({ at: '2026-08-10T12:00:00Z' });
  tenant.addMessage(id, { at: '2026-08-10T12:00:01Z' });
  const request = { what: 'messages', from: null, to: null, since: null, sample: null, repair: true } as const;
  const handle = await createVerification(under.client, under.source.name).start(request);
  await handle!.result();
  await save('verify', verificationWorkflowId(under.source.name));
  await under.nextSync();
  await saveRuns('recovered');
});

test('the middle of a window: the state, and the archive', async () => {
  await source({}, 8);
  breakChat('500-no-retry');
  await under.sync();
  const { memo } = await under.source.view();
  const { running: _, ...state } = memo!;
  await cp(under.folder, join(folder, 'mid-window', 'archive'), { recursive: true });
  await writeFile(join(folder, 'mid-window', 'state.json'), `${JSON.stringify(state)}\n`);
});

test('a destination that is down, then delivered to, paused and rewound', async () => {
  let isDown = true;
  const some = recording(() => {
    if (isDown) throw new DestinationError('ECONNREFUSED', 'is down');
  });
  await source({ destinations: { some } });
  await under.sync();
  const chain = under.delivery('some');
  await until(async () => (await chain.view())?.state.waiting);
  await chain.pause('maintenance');
  isDown = false;
  await chain.resume();
  await until(async () => (await chain.view())?.state.deliveredThrough);
  await chain.rewind({ to: '2026-08-01' });
  await until(async () => (await chain.view())?.state.deliveredThrough);
  await save('delivery', deliveryWorkflowId(under.source.name, 'some'));
});
