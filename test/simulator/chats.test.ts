import { GENERATIONS, Tenant } from '../../simulator';
import { ANY_STRING } from './ask';
import { alphabet, BAD, NOON, ONE, testRules, that, TWO, type Rule } from './rules';

const LIST = '/apps/chats';
const THIRD = 'abcdef00-0000-4000-8000-000000000003';
const LATER = '2026-09-02T13:00:00.123456Z';
const LATER_CUT = '2026-09-02T13:00:00.123Z';
const BOTH = 'user_ids[]=user_1&user_ids[]=user_2';
const shows = (chat: object): object => ({ body: { data: [chat] } });

const EMPTY = { data: [], has_more: false, first_id: null, last_id: null };
const A = {
  id: 'a',
  name: 'Chat 1',
  created_at: '2026-09-02T11:58:20.000Z',
  updated_at: '2026-09-02T12:00:09.000Z',
  deleted_at: null,
  href: 'https://claude.ai/chat/a',
  model: ANY_STRING,
  organization_id: 'org_1',
  organization_uuid: ONE,
  project_id: 'claude_proj_1',
  user: { id: 'user_1', email_address: '1@example.com' },
};

function addChats(tenant: Tenant, count: number): void {
  for (let i = 0; i < count; i++) tenant.addChat();
}

testRules('the list of chats', LIST, [
  ['has null cursors on an empty page', 'user_ids[]=user_nobody', that(({ body }) => expect(body).toEqual(EMPTY))],
  ['has a hundred chats on a page', ({ tenant }) => addChats(tenant, 100), '', '100…', 'limit=1000', '108'],
  ['has no more where a page just holds the rest', 'limit=8', 'abcdefgh'],
  ['comes by creation', '', 'abcdefgh', 'order_by=created_at', 'abcdefgh'],
  ['comes by change where that is asked for', 'order_by=updated_at', 'hgfedcba'],
  [
    'breaks ties by id, also where a page ends within them',
    ({ tenant }) => Array.from('hbdfaceg').forEach((id) => tenant.setUpdatedAt(id, LATER)),
    ...['order_by=updated_at&limit=3', 'abc…', 'order_by=updated_at&limit=3&after_id={last_id}', 'def…'],
    ...['order_by=updated_at&limit=3&after_id={last_id}', 'gh'],
  ],
  [
    'goes back with before_id, still in ascending pages',
    ...[BOTH, 'abcdefgh', `${BOTH}&limit=4&before_id={last_id}`, 'defg…'],
    ...[`${BOTH}&limit=3&before_id={first_id}`, 'abc'],
  ],
  ['filters by a user', 'user_ids[]=user_1', 'aceg', 'user_ids[]=user_nobody', '', BOTH, 'abcdefgh'],
  ['filters by the id of an organization', 'organization_ids[]=org_1', 'abcd'],
  ['filters by its UUID, also by change', `order_by=updated_at&organization_ids[]=${TWO}`, 'hgfe'],
  [
    'filters by some organizations, in any case',
    ({ tenant }) => tenant.addOrganization({ uuid: THIRD }),
    ({ tenant }) => tenant.addChat({ id: 'z', organizationUuid: THIRD }),
    ...[`organization_ids[]=org_2&organization_ids[]=${THIRD.toUpperCase()}`, 'efghz'],
  ],
  ['filters by user and projects', `${BOTH}&project_ids[]=claude_proj_1&project_ids[]=claude_proj_2`, 'adg'],
  ['filters by user and organization', `user_ids[]=user_1&organization_ids[]=${ONE}`, 'ac'],
  ['filters by all of them', 'user_ids[]=user_2&organization_ids[]=org_1&project_ids[]=claude_proj_1', 'd'],
  ['has pages of what it filters', `user_ids[]=user_1&limit=3`, 'ace…', 'user_ids[]=user_1&after_id={last_id}', 'g'],
  [
    'shows a chat again that changes behind a walk, and misses none where the one at the cursor is hard-deleted',
    ...['order_by=updated_at&limit=4', 'hgfe…'],
    ({ tenant }) => tenant.addMessage('g', { at: LATER }),
    ({ tenant }) => ['e', 'c'].forEach((id) => tenant.hardDeleteChat(id)),
    ...['order_by=updated_at&after_id={last_id}', 'dbag'],
  ],
  [
    'shows no user for a chat without one',
    ({ tenant }) => tenant.addChat({ userId: null, at: 0 }),
    ...['limit=1', shows({ user: null })],
  ],
  [
    'shows a chat as documented, and cursors that are no ids',
    'user_ids[]=user_1&created_at.lt=2026-09-02T11:58:21Z',
    that(({ body }) => {
      expect(body).toEqual({ data: [A], has_more: false, first_id: ANY_STRING, last_id: ANY_STRING });
      expect([body.first_id, body.last_id]).not.toContain('a');
    }),
  ],
]);

testRules(
  'updated_at',
  LIST,
  [
    [
      'moves by a message',
      ({ tenant }) => tenant.addMessage('a', { at: LATER }),
      ...['limit=1', shows({ updated_at: LATER_CUT })],
    ],
    [
      'stays by a message that comes late',
      ({ tenant }) => tenant.addMessage('a', { at: 0 }),
      ...['limit=1', shows({ updated_at: A.updated_at })],
    ],
    [
      'moves when the chat moves into and out of a project',
      ({ tenant }) => tenant.moveChat('a', 'claude_proj_2', LATER),
      ...['limit=1', shows({ updated_at: LATER_CUT, project_id: 'claude_proj_2' })],
      ({ tenant }) => tenant.moveChat('a', null, '2026-09-02T15:00:00Z'),
      ...['limit=1', shows({ updated_at: '2026-09-02T15:00:00.000Z', project_id: null })],
    ],
    [
      'stays when the chat is renamed',
      ({ tenant }) => tenant.renameChat('a', 'After'),
      ...['limit=1', shows({ ...A, name: 'After' })],
    ],
    [
      'is the server’s now',
      ({ tenant }) => tenant.addMessage('a'),
      ...['limit=1', shows({ updated_at: '2026-12-24T18:00:00.000Z' })],
    ],
  ],
  () => ({ clock: () => Date.parse('2026-12-24T18:00:00Z') }),
);

for (const generation of GENERATIONS) {
  const name = generation === 'legacy' ? 'Chat 1' : '';
  const emptied = { content: [], files: null, generated_files: null, artifacts: null };
  const attachments = { files: [{ id: 'claude_file_1' }], artifacts: [], generatedFiles: [] };
  testRules(
    `a chat deleted in claude.ai (${generation})`,
    LIST,
    [
      [
        'stays listed, emptied, and takes no more messages',
        ({ tenant }) => tenant.addMessage('a', { createdAt: NOON - 1, ...attachments }),
        ({ tenant }) => tenant.deleteChat('a', LATER),
        ({ tenant }) => expect(() => tenant.addMessage('a')).toThrow(/deleted/),
        ...['user_ids[]=user_1&limit=1', shows({ name, deleted_at: LATER_CUT, updated_at: LATER_CUT })],
        ...[`${LIST}/a/messages?limit=1`, { body: { chat_messages: [emptied] } }],
      ],
    ],
    () => ({ generation }),
  );
}

const BOUNDED = 'order_by=updated_at&updated_at';
testRules(
  'bounds keep to the microsecond, whatever the offset and precision',
  LIST,
  [
    ['after', `${BOUNDED}.gt=2026-09-02T00:00:00.000001Z`, 'c'],
    ['from', `${BOUNDED}.gte=2026-09-02T00:00:00.000001Z`, 'bc'],
    ['before', `${BOUNDED}.lt=2026-09-02T00:00:00.000001Z`, 'a'],
    ['until', `${BOUNDED}.lte=2026-09-02T00:00:00.000001Z`, 'ab'],
    ['after, finer', `${BOUNDED}.gt=2026-09-02T02:00:00.0000015%2B02:00`, 'c'],
    ['from, finer', `${BOUNDED}.gte=2026-09-02T02:00:00.0000011%2B02:00`, 'c'],
    ['after, coarser', `${BOUNDED}.gt=2026-09-01T23:00:00-01:00`, 'bc'],
    ['both', `${BOUNDED}.gte=2026-09-01T23:00:00-01:00&updated_at.lt=2026-09-02T00:00:00.000002Z`, 'ab'],
  ],
  () => {
    const tenant = new Tenant({ timestamps: 'micros' });
    tenant.addOrganization();
    for (const [micros, id] of Array.from('abc').entries())
      tenant.addChat({ id, at: `2026-09-02T00:00:00.00000${micros}Z` });
    return { tenant };
  },
);

for (const [timestamps, created_at, updated_at] of [
  ['seconds', '2026-09-02T11:58:20Z', '2026-09-02T13:00:00Z'],
  ['millis', A.created_at, LATER_CUT],
  ['micros', '2026-09-02T11:58:20.000000Z', LATER],
] as const) {
  testRules(
    `times in ${timestamps}`,
    LIST,
    [
      [
        'are cut, and compared as shown',
        ({ tenant }) => tenant.addMessage('a', { at: LATER }),
        ...[`${BOUNDED}.gte=${updated_at}`, shows({ created_at, updated_at }), `${BOUNDED}.gt=${updated_at}`, ''],
        ...[`${BOUNDED}.lte=${updated_at}`, 'hgfedcba', `${BOUNDED}.lt=${updated_at}`, 'hgfedcb'],
        ...[`${LIST}/a/messages?order=desc&limit=1`, { body: { chat_messages: [{ created_at: updated_at }] } }],
      ],
    ],
    () => ({ tenant: alphabet({ timestamps }) }),
  );
}

testRules(
  'times of messages that are finer than those of chats',
  LIST,
  [
    [
      'are shown so',
      ({ tenant }) => tenant.addMessage('a', { at: LATER }),
      ...['limit=1', shows({ updated_at: '2026-09-02T13:00:00Z' })],
      ...[`${LIST}/a/messages?order=desc&limit=1`, { body: { chat_messages: [{ created_at: LATER }] } }],
    ],
  ],
  () => ({ tenant: alphabet({ timestamps: { chats: 'seconds', messages: 'micros' } }) }),
);

testRules(
  'a server that leaves out what the newest official examples leave out',
  LIST,
  [
    ['shows no organization_id', '', that(({ body }) => expect(body.data[0]).not.toHaveProperty('organization_id'))],
    [
      'shows those attachments only that are there',
      ({ tenant }) => tenant.addMessage('b', { at: LATER, files: [{ id: 'claude_file_1' }] }),
      `${LIST}/b/messages`,
      that(({ body }) => expect(body.chat_messages.map((m) => Object.keys(m).slice(4).join())).toEqual(['', 'files'])),
    ],
  ],
  () => ({ absent: true }),
);

const USER = 'user_ids[]=user_1';
const CREATED = 'created_at.gte=2026-09-01T00:00:00Z';
const UPDATED = 'updated_at.gt=2026-09-01T00:00:00Z';
const COMBINATIONS: readonly (readonly [query: string, now: number, mid: number, legacy: number])[] = [
  ['', 200, 200, 400],
  [CREATED, 200, 200, 400],
  [`order_by=created_at&${CREATED}`, 200, 200, 400],
  [`order_by=updated_at`, 200, 200, 400],
  [`order_by=updated_at&${UPDATED}`, 200, 200, 400],
  ['organization_ids[]=org_01a', 200, 200, 400],
  [UPDATED, 400, 400, 400],
  [`order_by=created_at&${UPDATED}`, 400, 400, 400],
  [`order_by=updated_at&${CREATED}`, 400, 400, 400],
  [`order_by=updated_at&${CREATED}&${UPDATED}`, 400, 400, 400],
  ['project_ids[]=claude_proj_01a', 400, 400, 400],
  [USER, 200, 200, 200],
  [`${USER}&${CREATED}`, 200, 200, 200],
  [`${USER}&${UPDATED}`, 400, 200, 200],
  [`${USER}&${CREATED}&${UPDATED}`, 400, 200, 200],
  [`${USER}&order_by=created_at`, 200, 200, 400],
  [`${USER}&order_by=updated_at`, 400, 400, 400],
  [`${USER}&project_ids[]=claude_proj_01a`, 200, 200, 200],
  [`${USER}&organization_ids[]=org_01a`, 200, 200, 200],
];

for (const [place, generation] of GENERATIONS.entries()) {
  testRules(
    `what may be asked for together (${generation})`,
    LIST,
    [
      ...COMBINATIONS.map(([query, ...statuses]): Rule => [`"${query}"`, query, { status: statuses[place]! }]),
      ['before_id with users only', USER, 'aceg', `${USER}&before_id={last_id}`, 'ace', 'before_id={last_id}', BAD],
    ],
    () => ({ generation }),
  );
}

for (const generation of ['now', 'mid'] as const) {
  testRules(
    `a cursor (${generation})`,
    LIST,
    [
      ['goes on by creation', 'limit=1&order_by=created_at', 'a…', 'order_by=created_at&after_id={last_id}', 'bcdefgh'],
      ['goes on by change', 'limit=1&order_by=updated_at', 'h…', 'order_by=updated_at&after_id={last_id}', 'gfedcba'],
      ['of creation', 'limit=1&order_by=created_at', 'a…', 'order_by=updated_at&after_id={last_id}', BAD],
      ['of change', 'limit=1&order_by=updated_at', 'h…', 'order_by=created_at&after_id={last_id}', BAD],
    ],
    () => ({ generation }),
  );
}

const users = (count: number): string => Array.from({ length: count }, (_, i) => `user_ids%5B%5D=user_${i}`).join('&');
const REFUSED = `limit=0 limit=1001 limit=-1 limit=1.5 limit=1e2 limit=ten limit= limit=1&limit=2
  after_id= after_id=nonsense after_id=claude_chat_01a order_by=name order_by=created_at&order_by=created_at page=1
  user_ids=user_01a user_ids[0]=user_01a user_ids[]= user_ids[]=someone ${users(11)} ${USER}&project_ids[]=proj_01a
  organization_ids[]=12345 created_at=2026-09-01T00:00:00Z created_at.eq=2026-09-01T00:00:00Z created_at.gte=yesterday
  created_at.gte=2026-09-01 created_at.gte=2026-09-01T00:00:00 created_at.gte=2026-09-01%2000:00:00Z
  created_at.gte=2026-09-01T00:00:00+02:00 created_at.gte=2026-02-30T00:00:00Z created_at.gte=2026-09-01T24:00:00Z
  created_at.gte=1788220800`;
const TAKEN = `limit=1000 limit=1 ${users(10)} created_at.gte=2026-09-01T00:00:00%2B02:00
  organization_ids[]=org_01a&organization_ids[]=550e8400-e29b-41d4-a716-446655440000
  created_at.gt=2026-09-01T00:00:00.123456Z&created_at.lte=2026-09-02t00:00:00-11:30`;
testRules(
  'refused',
  LIST,
  REFUSED.split(/\s+/).map((query): Rule => [query, query, BAD]),
);
testRules(
  'taken',
  LIST,
  TAKEN.split(/\s+/).map((query): Rule => [query, query, { status: 200 }]),
);
