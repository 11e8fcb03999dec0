import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { freePort } from '../../harness/free-port';
import { run, start, type Running } from '../../harness/programs';
import type { Settings } from '../../harness/process-env';
import { createTenant, DEMO_KEY, startSimulator, type Simulator } from '../../simulator';
import { expectTexts, inBrowser, launch } from '../support/browser';
import { until } from '../support/until';

const ANYWHERE = 120_000;
/** At four a second they take longer than a browser to start on a busy machine. */
const CHATS = 160;

inBrowser("Temporal's Web UI")("Temporal's Web UI", () => {
  let browser: Browser;
  let page: Page;
  let simulator: Simulator;
  let settings: Settings;
  let up: Running;
  let said = '';
  /** The Web UI's list. */
  let list: string;

  beforeAll(async () => {
    simulator = await startSimulator({ tenant: createTenant({ chats: CHATS, messagesPerChat: 6 }) });
    settings = {
      ...{ DATA_DIR: await mkdtemp(join(tmpdir(), 'chat-sync-ui-')), SOURCE: 'acme' },
      TEMPORAL_ADDRESS: `127.0.0.1:${await freePort()}`,
      ...{ ANTHROPIC_BASE_URL: simulator.url, ANTHROPIC_COMPLIANCE_ACCESS_KEY: DEMO_KEY },
      ...{ BACKFILL_START: '2026-08-01', REQUESTS_PER_SECOND: '4', SYNC_INTERVAL: '1h' },
      // Nobody listens there.
      ...{ DESTINATIONS: 'http', HTTP_URL: `http://127.0.0.1:${await freePort()}/` },
    };
    up = start('client.js', ['up'], settings);
    up.process.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await up.says('Web UI:');
    list = /Web UI: +(\S+)/.exec(said)?.[1] ?? '';
    browser = await launch();
    page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
  }, ANYWHERE);

  afterAll(async () => {
    await browser.close();
    up.process.kill('SIGINT');
    await up.ended;
    await simulator.close();
    await rm(settings['DATA_DIR'] ?? '', { recursive: true, force: true });
  });

  /** Opens the details of the last run of a workflow that the list shows, which is some seconds late. */
  async function openDetails(workflowId: RegExp): Promise<void> {
    const path = await until(async () => {
      await page.goto(list);
      const link = page.locator('a[href*="/history"]', { hasText: workflowId }).first();
      await link.waitFor({ timeout: 2000 }).catch(() => undefined);
      return (await link.count()) > 0 && link.getAttribute('href');
    });
    await page.goto(new URL(path.replace(/\/history.*$/, '/user-metadata'), list).href);
  }

  test(
    'shows a sync that runs as healthy, and how far it is',
    async () => {
      await openDetails(/^\s*chat-sync\/acme\s*$/);
      await expectTexts(page, 'sync-runs', [
        /The source acme: sync 1 runs/,
        new RegExp(`\\d+ of ${CHATS}, \\d+ %`),
        /chats a second/,
      ]);
      await openDetails(/^\s*request-sync\/acme/);
      await expectTexts(page, null, ['Waits for sync 1', 'chat-sync/acme']);
      await page.goto(page.url().replace('user-metadata', 'pending-activities'));
      await expectTexts(page, null, ['awaitReport']);
      expect(await page.innerText('body')).not.toMatch(/Last Failure|Attempt [2-9]/);
    },
    ANYWHERE,
  );

  test(
    'shows what a sync brought, and a destination that is down',
    async () => {
      await up.says('syncing every');
      await openDetails(/^\s*request-sync\/acme/);
      await expectTexts(page, null, [
        'Sync 1',
        'completed',
        `${CHATS} chats, ${CHATS * 6} messages`,
        'Where it happened',
      ]);
      await openDetails(/^\s*chat-sync\/acme\s*$/);
      await expectTexts(page, null, ['waits for sync 2', 'Last sync (1)', `${CHATS} chats, ${CHATS * 6} messages`]);
      await openDetails(/^\s*chat-sync\/acme\/http\s*$/);
      await expectTexts(page, 'destination-down', [
        'The destination http of the source acme',
        'Waiting',
        'does not answer',
      ]);
    },
    ANYWHERE,
  );

  test(
    'tells a sync that failed in the list, and its request leads to the run',
    async () => {
      simulator.revokeKey(DEMO_KEY);
      await until(async () => (await run(['sync'], settings)).code === 1);
      await page.goto(list);
      await expectTexts(page, 'list', ['Failed', /request-sync\/acme/]);
      await openDetails(/^\s*request-sync\/acme/);
      await expectTexts(page, 'request-failed', [
        'Sync 2',
        'failed',
        'the access key is unknown or revoked',
        /chat-sync\/acme, run [\da-f-]{36}/,
      ]);
    },
    ANYWHERE,
  );
});
