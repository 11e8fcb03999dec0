import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../harness/free-port';
import { run, start, startProgram } from '../../harness/programs';
import { recordsIn } from '../support/parsed-record';

const ids = async (dataDir: string): Promise<string[]> =>
  (await recordsIn(join(dataDir, 'messages', 'demo'))).map(({ id }) => id);

test("it syncs the demo tenant with the README's command and nothing set up, finds it again, and leaves nothing running", async () => {
  const DATA_DIR = await mkdtemp(join(tmpdir(), 'chat-sync-up-'));
  const TEMPORAL_ADDRESS = `127.0.0.1:${await freePort()}`;
  // Faster than by default: nobody else shares the demo tenant's budget but its 600 requests a minute.
  const settings = { DATA_DIR, TEMPORAL_ADDRESS, REQUESTS_PER_SECOND: '10', TEMPORAL_PROFILE: 'production' };

  const readme = await readFile(join(__dirname, '../../README.md'), 'utf8');
  const [command = '', ...args] = /^\$ (npm start -- --once)$/m.exec(readme)?.[1]?.split(' ') ?? [];
  const first = await startProgram(command, args, settings, join(__dirname, '../..')).ended;

  expect(first.code).toBe(0);
  expect(first.stderr).toMatch(/^Demo: /m);
  expect(first.stderr).toContain(`Temporal: ${TEMPORAL_ADDRESS}, namespace default`);
  expect(first.stderr).toContain('Web UI:   http://localhost:');
  expect(first.stdout).toMatch(/^completed: /m);
  const messages = await ids(DATA_DIR);
  expect(messages.length).toBeGreaterThan(1000);
  expect(new Set(messages).size).toBe(messages.length);
  const tenant = await readFile(join(DATA_DIR, 'demo-tenant.json'), 'utf8');
  const { code, stderr } = await run(['status'], { TEMPORAL_ADDRESS, SOURCE: 'demo', DATA_DIR });
  expect({ code, gone: stderr.includes('no Temporal') }).toEqual({ code: 1, gone: true });

  const second = start('client.js', ['up'], settings);
  await second.says('syncing every 5 min until Ctrl-C');
  const beside = await run(['up', '--once'], settings);
  expect({ code: beside.code, stderr: beside.stderr }).toEqual({
    ...{ code: 0, stderr: expect.stringMatching(/; it was running\nA worker serves source demo already/) as unknown },
  });
  second.process.kill('SIGINT');
  expect((await second.ended).code).toBe(0);
  const later = await ids(DATA_DIR);
  expect(await readFile(join(DATA_DIR, 'demo-tenant.json'), 'utf8')).toBe(tenant);
  expect(later).toEqual(expect.arrayContaining(messages));
  expect(new Set(later).size).toBe(later.length);
  expect((await run(['status'], { TEMPORAL_ADDRESS, DATA_DIR })).code).toBe(1);
}, 180_000);
