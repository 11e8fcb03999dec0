import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { z } from 'zod';
import { loadWorkerConfig } from '../src/config/config';
import { temporalSettings } from '../src/temporal/settings';
import { version } from '../src/version';

const root = join(__dirname, '..');
const text = (path: string): string => readFileSync(join(root, path), 'utf8');
const linesOf = (path: string): string[] =>
  text(path)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));

/** What `.env` sets in these tests. */
const EXAMPLES: Readonly<Record<string, string>> = {
  SOURCE: 'acme',
  BACKFILL_START: '2026-01-01',
  PROJECT_IDS: 'claude_proj_1',
  REQUESTS_PER_SECOND: '10',
  WORKERS: '3',
};

const environment = z.record(z.string(), z.union([z.string(), z.number()]).nullable()).default({});
const service = z.looseObject({ image: z.string(), environment, ports: z.array(z.string()).default([]) });
const compose = z.looseObject({ services: z.record(z.string(), service) }).parse(load(text('docker-compose.yml')));
const { worker } = compose.services;
const ours = Object.entries(compose.services).filter(([, { image }]) => image.startsWith('compliance-chat-sync:'));

/** The Dockerfile's instructions, continued lines joined; those of the last stage for themselves. */
const instructions = linesOf('Dockerfile')
  .join('\n')
  .replaceAll(/\\\n\s*/g, '')
  .split('\n')
  .map((line) => ({ name: line.split(' ')[0] ?? '', rest: line.slice(line.indexOf(' ') + 1) }));
const lastStage = instructions.slice(instructions.findLastIndex(({ name }) => name === 'FROM'));
const inLastStage = (wanted: string): string[] =>
  lastStage.filter(({ name }) => name === wanted).map(({ rest }) => rest);
const PINNED = /:v?\d+\.\d+(\.\d+)?(-[a-z]+)*$/;

describe('every image is pinned to a version', () => {
  test.each(Object.entries(compose.services))('%s', (_, { image }) => expect(image).toMatch(PINNED));

  test('the ones the Dockerfile builds on', () => {
    const bases = instructions.filter(({ name }) => name === 'FROM').map(({ rest }) => rest.split(' ')[0]);
    expect(bases.length).toBeGreaterThan(1);
    for (const base of bases) expect(base).toMatch(PINNED);
    expect(lastStage[0]?.rest).toMatch(/^node:\d+\.\d+\.\d+-\w+-slim$/);
  });

  test('ours carries the version of the package', () => {
    expect(ours.map(([name]) => name).sort()).toEqual(['chat-sync', 'schedule', 'worker']);
    for (const [, { image }] of ours) expect(image).toBe(`compliance-chat-sync:${version}`);
    expect(inLastStage('LABEL')[0]).toContain(`org.opencontainers.image.version="${version}"`);
  });
});

describe('what our containers may do', () => {
  test.each(ours)('%s: nothing but its work', (_, service) => {
    expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
    expect(service['user']).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    for (const name of ['cap_add', 'privileged', 'devices', 'pid', 'network_mode'])
      expect(service).not.toHaveProperty(name);
  });

  test('the image itself is for the same user, by number', () => {
    expect(inLastStage('USER')).toEqual([worker?.['user']]);
  });

  test('the worker has time to drain, and a volume where the image writes', () => {
    expect(worker).toMatchObject({ stop_grace_period: '30s', restart: 'unless-stopped', volumes: ['messages:/data'] });
    expect(inLastStage('ENV')[0]).toContain('DATA_DIR=/data');
  });

  test('the key comes as a file', () => {
    expect(worker?.environment).not.toHaveProperty('ANTHROPIC_COMPLIANCE_ACCESS_KEY');
    expect(worker?.environment['ANTHROPIC_COMPLIANCE_ACCESS_KEY_FILE']).toBe('/run/secrets/compliance-access-key');
    expect(compose).toHaveProperty('secrets.compliance-access-key.file', expect.stringMatching(/^\$\{\w+:\?/));
  });
});

describe('what the machine shows to others', () => {
  test('pages to look at are published, to this machine', () => {
    const published = Object.entries(compose.services).flatMap(([name, { ports }]) =>
      ports.map((port) => [name, port]),
    );
    expect(published.toSorted()).toEqual([
      ['grafana', '127.0.0.1:3000:3000'],
      ['prometheus', '127.0.0.1:9090:9090'],
      ['temporal-ui', '127.0.0.1:8080:8080'],
    ]);
  });

  test('no password has a default', () => {
    const passwords = Object.values(compose.services).flatMap((service) =>
      Object.entries(service.environment).filter(([name]) => /PASSWORD|PWD/.test(name)),
    );
    expect(passwords.length).toBeGreaterThan(2);
    for (const [, value] of passwords) expect(value).toMatch(/^\$\{POSTGRES_PASSWORD:\?[^}]+\}$/);
  });
});

describe("the worker's settings", () => {
  const names = Object.keys(worker?.environment ?? {});
  /** What the worker's process gets. */
  const given = Object.fromEntries(
    Object.entries(worker?.environment ?? {}).map(([name, value]) => [
      name,
      value === null ? EXAMPLES[name] : String(value).replace(/^\$\{\w+:?-(.*)\}$/, '$1'),
    ]),
  );

  test('the worker takes them, and misses nothing', () => {
    const { ANTHROPIC_COMPLIANCE_ACCESS_KEY_FILE: _, ...rest } = given;
    const { warnings, settings } = loadWorkerConfig({ ...rest, ANTHROPIC_COMPLIANCE_ACCESS_KEY: 'sk-ant-api01-x' });
    expect(warnings).toEqual([]);
    expect(settings).toMatchObject({ SOURCE: 'acme', WORKERS: 3, PROJECT_IDS: ['claude_proj_1'] });
    expect(temporalSettings(given)).toMatchObject({ address: 'temporal:7233', namespace: 'default' });
  });

  const settingsText = ['config', 'policy'].map((name) => text(`src/config/${name}.ts`)).join('\n');

  test('each is one that something reads', () => {
    const envconfig = text('node_modules/@temporalio/envconfig/lib/envconfig-toml.js');
    const known = new Set([
      ...(settingsText.match(/\b[A-Z][A-Z_]+\b/g) ?? []),
      ...(envconfig.match(/\bTEMPORAL_[A-Z_]+\b/g) ?? []),
      'HTTPS_PROXY',
      'NO_PROXY',
      'NODE_EXTRA_CA_CERTS',
    ]);
    expect(names.filter((name) => !known.has(name))).toEqual([]);
  });

  test('none of the settings there are is left out', () => {
    const shapes = settingsText.matchAll(/^(?:export )?const \w+(?:Shape|Settings) = \{\n(.*?)^\};/gms);
    const settings = [...shapes].flatMap(([, shape]) => shape?.match(/(?<=^ {2})[A-Z_]+(?=:)/gm) ?? []);
    expect(settings).toContain('BACKFILL_START');
    expect(settings.filter((name) => !names.includes(name)).sort()).toEqual([
      'ANTHROPIC_COMPLIANCE_ACCESS_KEY', // a file instead
      'DATA_DIR', // the image's
      'FILE_DIR', // below it
      'SYNC_INTERVAL', // the schedule's
      'TEMPORAL_PAYLOAD_CODEC', // a file, which would have to be mounted
    ]);
  });
});

describe('the Dockerfile', () => {
  const fromContext = instructions
    .filter(({ name, rest }) => name === 'COPY' && !rest.includes('--from='))
    .flatMap(({ rest }) => rest.split(' ').slice(0, -1));

  test('copies what there is, and .dockerignore lets nothing else in', () => {
    expect(fromContext.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    const [first, ...letIn] = linesOf('.dockerignore');
    expect(first).toBe('*');
    expect(letIn.map((line) => line.replace(/^!/, '')).sort()).toEqual([...new Set(fromContext)].sort());
  });

  test('copies all that the build reads', () => {
    const script = /(?<="build": "node )[^"]+/.exec(text('package.json'))?.[0];
    expect(fromContext).toEqual(expect.arrayContaining([script, 'src', 'simulator', 'tsconfig.json']));
  });

  test('starts programs that are built, without a shell', () => {
    const started = [...inLastStage('ENTRYPOINT'), JSON.stringify(worker?.['entrypoint'])].map((json) =>
      z.tuple([z.literal('node'), z.string()]).parse(JSON.parse(json)),
    );
    for (const [, path] of started) {
      expect(existsSync(join(root, path.replace('/app/lib/', 'src/').replace(/js$/, 'ts')))).toBe(true);
    }
  });
});
