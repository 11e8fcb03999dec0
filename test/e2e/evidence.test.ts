import { createHash, randomUUID } from 'node:crypto';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, start } from '../../harness/programs';
import { DEMO_KEY, startSimulator } from '../../simulator';
import { readSigner } from '../../src/evidence-key';
import { newEvidenceKey, type KeyFiles } from '../support/evidence-key';
import { makeArchive, recordsOfChat, type MadeArchive } from '../support/made-archive';
import { address } from '../support/server';
import { until } from '../support/until';

let key: KeyFiles;
let archive: MadeArchive;
let settings: Record<string, string>;
beforeEach(async () => {
  key = await newEvidenceKey();
  archive = await makeArchive('made', 'an-archive', () => readSigner(key.privateKey));
  await archive.window([recordsOfChat('a', 3)]);
  await archive.window([recordsOfChat('b', 2)]);
  const DATA_DIR = await mkdtemp(join(tmpdir(), 'chat-sync-evidence-'));
  settings = { SOURCE: 'made', FILE_DIR: archive.dir, DATA_DIR };
});
afterEach(() => archive.remove());

const ledger = (): string => join(archive.folder, 'ledger.jsonl');

test('it prints the page, or JSON, or writes both, for their owner alone', async () => {
  const printed = await run(['evidence'], settings);
  expect(printed).toMatchObject({ code: 0, stderr: '' });
  expect(printed.stdout).toMatch(/^# Evidence of the chat archive `made`\n/);
  const asJson = await run(['evidence', '--json', '--from', '2026-04-02'], settings);
  expect(JSON.parse(asJson.stdout)).toMatchObject({ source: 'made', windows: [{ n: 3 }] });

  const written = await run(['evidence', '--to', '2026-05-01', '--out', 'reports'], settings);
  const folder = join(settings['DATA_DIR']!, 'reports');
  const names = (await readdir(folder)).sort();
  expect(names).toEqual(['evidence-made-2026-04-01-2026-05-01.json', 'evidence-made-2026-04-01-2026-05-01.md']);
  expect(written.stdout).toBe(`reports/${names[0]!}\nreports/${names[1]!}\n`);
  for (const name of names) expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
  const [json, page] = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  expect(page).toContain(createHash('sha256').update(json!).digest('hex'));
});

test('what the page says is what anybody checks with; a line that was changed makes both exit 1', async () => {
  const { stdout } = await run(['evidence'], settings);
  const [, head = ''] = /verify --archive --head (\S+)/.exec(stdout) ?? [];
  const check = () => run(['verify', '--archive', '--head', head, '--public-key', key.publicKey], settings);
  expect(await check()).toMatchObject({ code: 0 });

  const text = await readFile(ledger(), 'utf8');
  await writeFile(ledger(), text.replace('"requestId":null', '"requestId":"req_x"'));
  expect(await check()).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('wrong: line 2 is not what was signed') as unknown,
  });
  expect(await run(['evidence'], settings)).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('line 2 is not what was signed') as unknown,
    stderr: expect.stringContaining('not what was written') as unknown,
  });
});

const withOpenssl = spawnSync('sh', ['-c', 'command -v openssl']).status === 0 ? test : test.skip;
withOpenssl('a line can be checked by hand, as docs/evidence.md says', async () => {
  const document = readFileSync(join(__dirname, '../../docs/evidence.md'), 'utf8');
  const [, commands = ''] = /By hand, for line 7:\n\n```sh\n(.*?)```/s.exec(document) ?? [];
  const script = `set -e\n${commands}`.replaceAll('7p', '3p').replaceAll('evidence.pub.pem', key.publicKey);
  const byHand = () => execFileSync('sh', ['-c', script], { cwd: archive.folder, encoding: 'utf8', stdio: 'pipe' });
  expect(byHand()).toContain('Verified Successfully');
  const text = await readFile(ledger(), 'utf8');
  await writeFile(ledger(), text.replace('"records":2', '"records":3'));
  expect(byHand).toThrow();
});

test.each([
  [['evidence', '--from', 'yesterday'], '--from yesterday: an ISO 8601 date or time'],
  [['evidence', '--from', '2026-04-02', '--to', '2026-04-02'], 'is not behind --from'],
  [['evidence', '--json', '--out', 'x'], '--out writes both'],
  [['evidence', '--public-key', 'not-there'], '--public-key not-there'],
  [['verify', '--public-key', 'x'], 'goes with --archive'],
])('%j is refused', async (args, says) => {
  expect(await run(args, settings)).toMatchObject({ code: 2, stderr: expect.stringContaining(says) as unknown });
});

test('a worker does not start with a key that is none, and says nothing of what it holds', async () => {
  const path = join(settings['DATA_DIR']!, 'key.pem');
  await writeFile(path, 'SECRET');
  const { code, stderr } = await start('worker.js', [], { ...settings, EVIDENCE_KEY_FILE: path, PAGE_SIZE: '0' }).ended;
  expect(code).toBe(2);
  expect(stderr).toContain(
    `EVIDENCE_KEY_FILE=${path}: expected a file with an Ed25519 private key: it holds no private key`,
  );
  expect(stderr).toContain('PAGE_SIZE=0');
  expect(stderr).not.toContain('SECRET');
});

test('a worker with a key signs all that comes into the ledger: windows, what operators do, what is removed', async () => {
  const simulator = await startSimulator({ rateLimitPerMinute: Infinity });
  const DATA_DIR = settings['DATA_DIR']!;
  const own = {
    ...{ DATA_DIR, SOURCE: `v-${randomUUID().slice(0, 8)}`, TEMPORAL_ADDRESS: address, BACKFILL_START: '2026-08-01' },
    ...{ ANTHROPIC_COMPLIANCE_ACCESS_KEY: DEMO_KEY, ANTHROPIC_BASE_URL: simulator.url, REQUESTS_PER_SECOND: '200' },
    ...{ EVIDENCE_KEY_FILE: key.privateKey, DESTINATIONS: 'stdout', ARCHIVE_KEEP: '0' },
  };
  const worker = start('worker.js', [], own);
  try {
    await worker.says('serving source');
    expect(await run(['sync', '--delivered'], own)).toMatchObject({ code: 0 });
    expect(await run(['pause', '--reason', 'legal hold'], own)).toMatchObject({ code: 0 });
    const path = join(DATA_DIR, 'messages', own.SOURCE, 'ledger.jsonl');
    const kinds = async () => new Set((await readFile(path, 'utf8')).match(/(?<="event":")\w+/g));
    await until(async () => (await kinds()).has('paused') && (await kinds()).has('removed'));
  } finally {
    worker.process.kill('SIGTERM');
    await worker.ended;
    await simulator.close();
  }
  expect(await run(['verify', '--archive', '--public-key', key.publicKey], own)).toMatchObject({ code: 0 });
  const { stdout } = await run(['evidence'], own);
  expect(stdout).toMatch(/\| paused \| reason `legal hold` \|/);
  expect(stdout).toContain('Not all are counted');
});
