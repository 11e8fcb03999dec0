import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { run } from '../../harness/programs';
import { ROOT } from '../../harness/root';
import { makeArchive } from '../support/made-archive';

/** More than a pipe or a socket holds. */
const FINDINGS = 4000;

/** An archive that has much to tell. */
async function withFindings(work: (settings: { SOURCE: string; FILE_DIR: string }) => Promise<void>): Promise<void> {
  const made = await makeArchive();
  try {
    await made.window([['{"id":"m-1","chat_id":"c-1"}']]);
    const folder = join(made.folder, 'messages', '2026-04-01');
    await mkdir(folder, { recursive: true });
    for (let i = 0; i < FINDINGS; i++) await writeFile(join(folder, `beside-the-ledger-${i}.ndjson`), '');
    await work({ SOURCE: made.source, FILE_DIR: made.dir });
  } finally {
    await made.remove();
  }
}

test('what is longer than a pipe holds comes out whole', () =>
  withFindings(async (settings) => {
    const { stdout } = await run(['verify', '--archive', '--json'], settings);
    expect(stdout.length).toBeGreaterThan(300_000);
    expect(JSON.parse(stdout)).toMatchObject({ source: settings.SOURCE, right: false });
  }));

test('who reads the beginning only, as `head`, is left in peace', () =>
  withFindings(async (settings) => {
    const environment = { PATH: process.env['PATH'], ...settings };
    // Without `node` before it: `npx` runs the file as it is.
    const child = spawn(join(ROOT, 'lib/client.js'), ['verify', '--archive'], { env: environment });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const [ended] = await Promise.all([
      once(child, 'close'),
      once(child.stdout, 'data').then(() => child.stdout.destroy()),
    ]);
    expect({ code: ended[0] as unknown, stderr }).toEqual({
      ...{ code: 0, stderr: expect.stringMatching(/^(\d+ MB in .* s\n)?$/) as unknown },
    });
  }));
