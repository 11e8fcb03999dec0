import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../harness/programs';
import { makeArchive } from '../support/made-archive';

/** More than a pipe or a socket holds. */
const FINDINGS = 4000;

test('what is longer than a pipe holds comes out whole', async () => {
  const made = await makeArchive();
  try {
    await made.window([['{"id":"m-1","chat_id":"c-1"}']]);
    const folder = join(made.folder, 'messages', '2026-04-01');
    await mkdir(folder, { recursive: true });
    for (let i = 0; i < FINDINGS; i++) await writeFile(join(folder, `beside-the-ledger-${i}.ndjson`), '');
    const { stdout } = await run(['verify', '--archive', '--json'], { SOURCE: made.source, FILE_DIR: made.dir });
    expect(stdout.length).toBeGreaterThan(300_000);
    expect(JSON.parse(stdout)).toMatchObject({ source: made.source, right: false });
  } finally {
    await made.remove();
  }
});
