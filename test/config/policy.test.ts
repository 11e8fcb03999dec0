import { loadWorkerConfig } from '../../src/config/config';
import type { Environment } from '../../src/config/environment';
import { policyOf } from '../../src/config/policy';
import type { Policy } from '../../src/config/policy';

const KEY = 'sk-ant-api01-secret';
const UUID = '550e8400-e29b-41d4-a716-446655440000';

function policy(environment: Environment = {}): Policy {
  return policyOf(loadWorkerConfig({ ANTHROPIC_COMPLIANCE_ACCESS_KEY: KEY, ...environment }).settings, '1.2.3');
}

describe('policyOf', () => {
  it('takes what a sync follows from the settings', () => {
    const settings = {
      ORGANIZATION_IDS: 'org_1',
      PROJECT_IDS: 'claude_proj_1,claude_proj_2',
      USER_IDS: 'user_1',
      BACKFILL_START: '2026-04-08',
      LISTING: 'organization',
      MESSAGES: 'all',
      REQUESTS_PER_SECOND: '0.5',
      WORKERS: '3',
      PAGE_SIZE: '7',
      SETTLE_SECONDS: '5',
      ON_CHAT_FAILURE: 'park',
    };
    expect(policy(settings)).toEqual({
      build: '1.2.3',
      listing: 'organization',
      censusEveryMs: 86_400_000,
      messages: 'all',
      backfillStart: '2026-04-08T00:00:00.000Z',
      organizationIds: ['org_1'],
      projectIds: ['claude_proj_1', 'claude_proj_2'],
      userIds: ['user_1'],
      requestsPerSecond: 0.5,
      workers: 3,
      pageSize: 7,
      onChatFailure: 'park',
      settleSeconds: 5,
      filters: expect.stringMatching(/^[\da-f]{16}$/),
      fingerprint: expect.stringMatching(/^[\da-f]{16}$/),
    });
  });

  it('filters nothing where no filter is set', () => {
    expect(policy()).toMatchObject({ organizationIds: [], projectIds: [], userIds: [], backfillStart: null });
  });

  it('holds no secret and no place', () => {
    const text = JSON.stringify(policy({ ANTHROPIC_BASE_URL: 'https://gateway.example', DATA_DIR: 'private' }));
    expect(text).not.toMatch(/secret|gateway|private/);
  });

  it('brings ids into their one form', () => {
    const ids = policy({ ORGANIZATION_IDS: `org_Ab,${UUID.toUpperCase()}`, PROJECT_IDS: 'proj_1,claude_proj_Ab' });
    expect(ids).toMatchObject({ organizationIds: ['org_Ab', UUID], projectIds: ['claude_proj_1', 'claude_proj_Ab'] });
  });
});

describe('the fingerprints', () => {
  const filters = { ORGANIZATION_IDS: 'org_1,org_2', PROJECT_IDS: 'proj_1,proj_2', USER_IDS: 'user_1,user_2' };

  it.each<[string, Environment]>([
    ['in another order', { ORGANIZATION_IDS: 'org_2,org_1', PROJECT_IDS: 'proj_2,proj_1', USER_IDS: 'user_2,user_1' }],
    ['with spaces', { ORGANIZATION_IDS: ' org_1 , org_2,', PROJECT_IDS: 'proj_1, proj_2', USER_IDS: 'user_1 ,user_2' }],
    ['named twice', { USER_IDS: 'user_1,user_2,user_1' }],
    ['with the other prefix', { PROJECT_IDS: 'claude_proj_1,claude_proj_2' }],
  ])('stay for the same ids %s', (_title, other) => {
    const { filters: hash, fingerprint } = policy(filters);
    expect(policy({ ...filters, ...other })).toMatchObject({ filters: hash, fingerprint });
  });

  it('stay for a UUID in other letters', () => {
    const { filters: hash, fingerprint } = policy({ ORGANIZATION_IDS: UUID });
    expect(policy({ ORGANIZATION_IDS: UUID.toUpperCase() })).toMatchObject({ filters: hash, fingerprint });
  });

  it.each<[string, Environment]>([
    ['one organization less', { ORGANIZATION_IDS: 'org_1' }],
    ['one project more', { PROJECT_IDS: 'proj_1,proj_2,proj_3' }],
    ['another user', { USER_IDS: 'user_1,user_3' }],
    ['no users', { USER_IDS: '' }],
  ])('both change for %s', (_title, other) => {
    const before = policy(filters);
    const after = policy({ ...filters, ...other });
    expect(after.filters).not.toBe(before.filters);
    expect(after.fingerprint).not.toBe(before.fingerprint);
  });

  it.each<[string, Environment]>([
    ['the listing', { LISTING: 'organization' }],
    ['which messages', { MESSAGES: 'all' }],
    ['the page size', { PAGE_SIZE: '999' }],
  ])('change for %s in what a checkpoint belongs to, but not in the filters', (_title, other) => {
    const before = policy(filters);
    const after = policy({ ...filters, ...other });
    expect(after.filters).toBe(before.filters);
    expect(after.fingerprint).not.toBe(before.fingerprint);
  });

  it.each<[string, Environment]>([
    ['the rate', { REQUESTS_PER_SECOND: '9' }],
    ['the workers', { WORKERS: '2' }],
    ['the settle time', { SETTLE_SECONDS: '5' }],
    ['the start of the backfill', { BACKFILL_START: '2026-04-08' }],
  ])('stay when %s changes', (_title, other) => {
    const { filters: hash, fingerprint } = policy(filters);
    expect(policy({ ...filters, ...other })).toMatchObject({ filters: hash, fingerprint });
  });

  it('are the same for an id written in two ways', () => {
    const once = policy({ PROJECT_IDS: 'proj_1' });
    expect(policy({ PROJECT_IDS: 'proj_1,claude_proj_1' })).toMatchObject({
      filters: once.filters,
      projectIds: once.projectIds,
    });
  });
});
