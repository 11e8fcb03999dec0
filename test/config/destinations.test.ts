import { loadWorkerConfig } from '../../src/config/config';

const base = { ANTHROPIC_COMPLIANCE_ACCESS_KEY: 'sk-ant-api01-demo-key-for-fictitious-people', DATA_DIR: '/tmp/x' };
const problems = (more: Record<string, string>): string => {
  try {
    loadWorkerConfig({ ...base, ...more });
    return '';
  } catch (error) {
    return (error as Error).message;
  }
};

it('a destination without anything set names everything that it needs at once', () => {
  // The second is only told once the first is mended.
  const text = problems({ DESTINATIONS: 'splunk-hec' });
  expect(text).toContain('SPLUNK_HEC_URL');
  expect(text).toContain('SPLUNK_HEC_TOKEN');
});
it('a wrong table and a missing URL of postgres are told at once', () => {
  const text = problems({ DESTINATIONS: 'postgres', POSTGRES_TABLE: 'a.b.c' });
  expect(text).toContain('POSTGRES_TABLE');
  expect(text).toContain('POSTGRES_URL');
});
it('a POSTGRES_URL that is none is a wrong setting, not an outage', () => {
  const text = problems({ DESTINATIONS: 'postgres', POSTGRES_URL: 'mysql://u:secret@h/db' });
  expect(text).toContain('POSTGRES_URL');
  expect(text).not.toContain('secret');
});
it('DESTINATIONS of commas only with ARCHIVE_KEEP is refused as without', () => {
  expect(problems({ DESTINATIONS: ' , ', ARCHIVE_KEEP: '0' })).toContain('ARCHIVE_KEEP');
});

const load = (more: Record<string, string>) => loadWorkerConfig({ ...base, ...more });
const problemLines = (more: Record<string, string>): string[] => problems(more).split('\n');

it('knows destinations by name, each once, and keeps an archive that nobody else has', () => {
  expect(problemLines({ DESTINATIONS: 'http,kafka', HTTP_URL: 'https://example.com' })).toEqual([
    expect.stringMatching(/^DESTINATIONS=http,kafka: expected stdout, http.*not kafka$/),
  ]);
  expect(problemLines({ DESTINATIONS: 'stdout,stdout' })).toEqual([
    'DESTINATIONS=stdout,stdout: expected each name once',
  ]);
  expect(problemLines({ ARCHIVE_KEEP: '30d' })).toEqual([
    expect.stringContaining('ARCHIVE_KEEP=30d: goes with DESTINATIONS'),
  ]);
  expect(load({ ARCHIVE_KEEP: '30d', DESTINATIONS: 'stdout' }).settings.ARCHIVE_KEEP).toBe(30 * 86_400_000);
  expect(load({ ARCHIVE_KEEP: '0', DESTINATIONS: 'stdout' }).settings.ARCHIVE_KEEP).toBe(0);
  expect(problemLines({ ARCHIVE_KEEP: 'always', DESTINATIONS: 'stdout' })).toEqual([
    'ARCHIVE_KEEP=always: expected 0, or a number and s, m, h or d, as 30d',
  ]);
});

it('warns of what looks like a misspelt setting of a destination that is named', () => {
  const url = { HTTP_ALERTS_URL: 'https://example.com' };
  expect(load({ DESTINATIONS: 'http:alerts', ...url, HTTP_ALERTS_FROMAT: 'json' }).warnings).toEqual([
    'HTTP_ALERTS_FROMAT is not a setting: did you mean HTTP_ALERTS_FORMAT?',
  ]);
});
