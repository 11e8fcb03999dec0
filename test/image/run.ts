import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { chown, mkdir, mkdtemp, readdir, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { Ended, Running } from '../../harness/programs';
import { ROOT } from '../../harness/root';
import { createTenant, DEMO_KEY, startSimulator, truth, type Simulator, type Tenant } from '../../simulator';
import { version } from '../../src/version';
import { address } from '../support/server';
import { imageSchema, startContainer, type Container, type Image } from './container';

const BUILD_MS = 900_000;
const bomSchema = z.object({
  bomFormat: z.literal('CycloneDX'),
  metadata: z.object({ component: z.object({ name: z.string(), version: z.string() }) }),
  components: z.array(z.object({ purl: z.string() })),
});

let image: Image;
let data: string;
let user: number;

beforeAll(async () => {
  const built = execFileSync(process.execPath, [join(ROOT, 'scripts/image.mjs')], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  image = imageSchema.parse(JSON.parse(built));
  user = Number(image.config.User.split(':')[0]);
  data = await mkdtemp(join(tmpdir(), 'image-data-'));
  await chown(data, user, user);
}, BUILD_MS);

const run = (options: Omit<Container, 'image' | 'data'>): Promise<Ended> =>
  startContainer({ image, data, ...options }).ended;

test('it shows its help', async () => {
  const { code, stdout } = await run({ args: ['--help'] });
  expect([code, stdout]).toEqual([0, expect.stringContaining('Usage: chat-sync')]);
});

test('its user can write to /data, and to nothing else', async () => {
  const tries = ['/data/file', '/app/file', '/tmp/file', '/file'];
  const script = `${JSON.stringify(tries)}.map((path) => {
    try { require('fs').writeFileSync(path, ''); return path; } catch (error) { return error.code; }
  }).join()`;
  const { stdout } = await run({ entrypoint: ['node'], args: ['-p', `process.getuid() + ',' + ${script}`] });
  expect(stdout.trim()).toBe(`${user},/data/file,EROFS,EROFS,EROFS`);
});

test('a volume that begins as a copy of its /data is for its user alone', async () => {
  const { uid, gid, mode } = await stat(join(image.folder, 'data'));
  expect([uid, gid, mode & 0o777]).toEqual([user, user, 0o700]);
});

/** Packages in a folder of packages and in those below, as `name@version`. */
function packagesIn(modules: string): string[] {
  const names = readdirSync(modules).flatMap((name) =>
    name.startsWith('@') ? readdirSync(join(modules, name)).map((inside) => `${name}/${inside}`) : [name],
  );
  return names
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) => {
      const folder = join(modules, name);
      const { version: its } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
      const nested = readdirSync(folder).includes('node_modules') ? packagesIn(join(folder, 'node_modules')) : [];
      return [`${name}@${its}`, ...nested];
    });
}

test('its SBOM names the packages that it has, and no other', () => {
  const app = join(image.folder, image.config.WorkingDir);
  const bom = bomSchema.parse(JSON.parse(readFileSync(join(app, 'sbom.cdx.json'), 'utf8')));
  expect(bom.metadata.component).toMatchObject({ name: 'compliance-chat-sync', version });
  const named = bom.components.map(({ purl }) => decodeURIComponent(purl.replace(/^pkg:npm\//, '')));
  expect(named.toSorted()).toEqual([...new Set(packagesIn(join(app, 'node_modules')))].toSorted());
});

describe('with Temporal and the API', () => {
  let tenant: Tenant;
  let simulator: Simulator;
  let worker: Running;
  let settings: Record<string, string>;

  beforeAll(async () => {
    tenant = createTenant({ chats: 20 });
    simulator = await startSimulator({ tenant });
    const secrets = join(data, 'secrets');
    await mkdir(secrets);
    await writeFile(join(secrets, 'key'), DEMO_KEY, { mode: 0o400 });
    for (const path of [secrets, join(secrets, 'key')]) await chown(path, user, user);
    settings = {
      ANTHROPIC_COMPLIANCE_ACCESS_KEY_FILE: '/data/secrets/key',
      ANTHROPIC_BASE_URL: simulator.url,
      BACKFILL_START: '2026-08-01',
      REQUESTS_PER_SECOND: '200',
      SOURCE: 'image',
      TEMPORAL_ADDRESS: address,
    };
    // As docker-compose.yml does.
    worker = startContainer({ image, data, entrypoint: ['node', '/app/lib/worker.js'], settings });
    await worker.says('serving source image');
  });

  afterAll(() => simulator.close());

  test('it syncs, and what comes out is for its user alone', async () => {
    const { code, stdout } = await run({ args: ['sync', '--json'], settings });
    expect([code, JSON.parse(stdout)]).toEqual([0, expect.objectContaining({ messages: truth(tenant).length })]);

    const archive = join(data, 'messages');
    for (const name of await readdir(archive, { recursive: true })) {
      const { uid, mode } = await stat(join(archive, name));
      expect([name, uid, mode & 0o077]).toEqual([name, user, 0]);
    }
    const verified = await run({ args: ['verify', '--archive'], settings: { SOURCE: 'image' } });
    expect(verified).toMatchObject({ code: 0 });
  });

  test('the worker ends at SIGTERM', async () => {
    worker.process.kill('SIGTERM');
    expect(await worker.ended).toMatchObject({ code: 0 });
  });
});
