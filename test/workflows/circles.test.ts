import { createTenant, type Tenant } from '../../simulator';
import type { Environment } from '../../src/config/environment';
import { expectExactly } from '../support/exact';
import { OWN_CURSOR, type Page } from '../support/gateway';
import { startBehindGateway, type SourceBehindGateway } from '../support/gateway-source';

// Pages without an end are ended by name, within a page's worth of requests; mended, everything is there once.

let under: SourceBehindGateway;
let tenant: Tenant;
afterEach(() => under.close());

const wanted = ({ userId }: { userId: string | null }) => userId !== null;

/** How a server's pages lead nowhere; `recall` holds the pages that it gave before. */
type Turn = (page: Page, recall: Page[], n: number) => Page;
const replace = (page: Page, other: Page, cursor: unknown): Page =>
  Object.assign(page, other, { has_more: true, last_id: cursor, next_page: cursor });
const TURNS: Record<string, Turn> = {
  'between two pages': (page, recall, n) => replace(page, recall[n % 2] ?? page, `${OWN_CURSOR}${n % 2}`),
  'between three pages': (page, recall, n) => replace(page, recall[n % 3] ?? page, `${OWN_CURSOR}${n % 3}`),
  'between two pages under new cursors': (page, recall, n) => replace(page, recall[n % 2] ?? page, `${OWN_CURSOR}${n}`),
  'on the last item, under new cursors': (page, recall, n) => {
    const last = recall[0] ?? page;
    const { data, chat_messages } = last;
    const only = {
      ...(data && { data: data.slice(-1) }),
      ...(chat_messages && { chat_messages: chat_messages.slice(-1) }),
    };
    return replace(page, n === 0 ? page : { ...last, ...only }, `${OWN_CURSOR}${n}`);
  },
  'with nothing on them, under new cursors': (page, _recall, n) =>
    replace(page, n === 0 ? page : { ...page, data: [], chat_messages: [] }, `${OWN_CURSOR}${n}`),
};

/** Turns a list; a cursor that it made up is not passed on. */
function turn(path: RegExp, how: Turn): void {
  const given = new Map<string, Page[]>();
  under.setGateway((page, asked) => {
    if (!path.test(asked.pathname)) return;
    const recall = given.get(asked.pathname) ?? [];
    given.set(asked.pathname, recall);
    const n = recall.length;
    const turned = how(page, recall, n);
    recall.push(structuredClone(turned));
  });
}

const LISTS = [
  { list: 'chats', path: /\/chats$/, generation: 'now', type: 'ApiRefused' },
  { list: 'chats', path: /\/chats$/, generation: 'legacy', type: 'ApiRefused' },
  { list: 'messages', path: /\/messages$/, generation: 'now', type: 'ChatUnreadable' },
  { list: 'users', path: /\/users$/, generation: 'legacy', type: 'ApiRefused' },
  { list: 'organizations', path: /\/organizations$/, generation: 'mid', type: 'ApiRefused' },
] as const;

const [EVERYBODYS, ...OTHERS] = LISTS;
const CASES = [
  ...Object.keys(TURNS).map((how) => ({ ...EVERYBODYS, how })),
  ...OTHERS.flatMap((list) =>
    ['between two pages', 'on the last item, under new cursors'].map((how) => ({ ...list, how })),
  ),
];

test.each(CASES)('pages of $list that turn $how ($generation)', async ({ path, generation, list, type, how }) => {
  tenant = createTenant({ organizations: 3, usersPerOrganization: 6, chats: 9, messagesPerChat: [3, 8] });
  const settings: Environment = { PAGE_SIZE: '2', ...(generation === 'mid' && { LISTING: 'per-user' }) };
  under = await startBehindGateway({ tenant, generation }, settings);
  turn(path, TURNS[how]!);

  const report = await under.sync();

  expect(report.outcome).toBe('failed');
  // Where all chats do so, it is not the chats.
  expect(report.reason).toMatch(new RegExp(`^(${type}|ApiRefused): .*${list}: the server's pages go in circles`));
  expect(under.simulator.requests.length).toBeLessThan(1000);
  under.setGateway();
  expect((await under.sync()).outcome).toBe('completed');
  expectExactly(await under.records(), tenant, generation === 'now' ? {} : { wanted });
});
