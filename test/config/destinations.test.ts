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
