import { BAD, NOT_FOUND, ONE, testRules, that, TWO } from './rules';

const ORGANIZATIONS = '/organizations';
for (const generation of ['now', 'mid'] as const) {
  testRules(
    `the list of organizations (${generation})`,
    ORGANIZATIONS,
    [
      [
        'comes page by page, oldest first',
        ({ tenant }) => tenant.addOrganization({ uuid: 'late', at: '2026-12-01T00:00:00Z' }),
        ({ tenant }) => tenant.addOrganization({ uuid: 'early', at: '2020-12-01T00:00:00Z' }),
        ...['limit=3', 'y12…', 'limit=3&page={next_page}', 'e'],
        ...['', { body: { has_more: false, next_page: null } }],
      ],
    ],
    () => ({ generation }),
  );
}
const FIRST = { uuid: ONE, name: 'First', created_at: '2026-09-02T11:56:40.000Z' };
const SECOND = { uuid: TWO, name: 'Second', created_at: '2026-09-02T11:56:41.000Z' };
testRules(
  'the list of organizations (legacy)',
  ORGANIZATIONS,
  [
    [
      'comes all at once, without paging fields',
      'limit=1',
      that(({ body }) => expect(body).toEqual({ data: [FIRST, SECOND] })),
    ],
  ],
  () => ({ generation: 'legacy' }),
);

const USERS = `/organizations/${ONE}/users`;
const PERSON = {
  id: 'user_1',
  email: '1@example.com',
  full_name: 'Person 1',
  organization_role: 'user',
  created_at: '2026-09-02T12:00:01.000Z',
};
for (const generation of ['now', 'mid', 'legacy'] as const) {
  testRules(
    `the list of users (${generation})`,
    USERS,
    [
      ['comes page by page', 'limit=2', '12…', 'limit=2&page={next_page}', '3'],
      ['says where it ends', '', { body: { has_more: false, next_page: null } }],
      ['shows a user as documented', 'limit=1', that(({ body }) => expect(body.data).toEqual([PERSON]))],
    ],
    () => ({ generation }),
  );
}
testRules('the list of users', USERS, [
  [
    'no longer holds a removed user, whose chats stay',
    ({ tenant }) => tenant.removeUser('user_1', ONE),
    ...['', '23', `/apps/chats?user_ids[]=user_1`, 'aceg', `/apps/chats?user_ids[]=user_1&limit=1`],
    { body: { data: [{ user: { id: 'user_1', email_address: '1@example.com' } }] } },
  ],
  [
    'holds a user in each of their organizations',
    ({ tenant }) => tenant.addMember(TWO, 'user_1'),
    ...['', '123', `/organizations/${TWO}/users`, '14'],
  ],
  ['is not found for an unknown organization', '/organizations/00000000-0000-4000-a000-000000000000/users', NOT_FOUND],
  ['is not found for the tagged id of one', '/organizations/org_1/users', NOT_FOUND],
  [
    'refuses a page token of another organization',
    ...['limit=1', '1…', 'limit=1&page={next_page}', '2…', `/organizations/${TWO}/users?page={next_page}`, BAD],
  ],
]);
