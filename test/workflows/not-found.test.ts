import { createTenant, type Tenant } from '../../simulator';
import { expectExactly } from '../support/exact';
import { refusal } from '../support/gateway';
import { startBehindGateway, type SourceBehindGateway } from '../support/gateway-source';

// A 404 is believed only of the chat that it names.

let under: SourceBehindGateway;
let tenant: Tenant;
afterEach(() => under.close());

const notFound = (message: string) => refusal(404, 'not_found_error', message);
const memo = async () => (await under.source.view()).memo!;
const chatIds = (): string[] => [...tenant.chats.keys()];
const isMessagesOf = (chatIds: readonly string[], { pathname }: URL): boolean =>
  chatIds.some((chatId) => pathname.endsWith(`/${chatId}/messages`));

describe.each(['Not found', 'Local sessions are not available.', "Chat conversation not found: 'claude_chat_another'"])(
  'a 404 that says %j',
  (message) => {
    test.each(['fail', 'park'] as const)('is no chat that is gone: ON_CHAT_FAILURE=%s', async (onChatFailure) => {
      tenant = createTenant({ chats: 20, messagesPerChat: 2 });
      under = await startBehindGateway({ tenant }, { ON_CHAT_FAILURE: onChatFailure });
      const refused = chatIds().slice(0, 10);
      under.setGateway((_page, asked) => (isMessagesOf(refused, asked) ? notFound(message) : undefined));

      const report = await under.sync();

      const readable = { wanted: ({ chatId }: { chatId: string }) => !refused.includes(chatId) };
      expectExactly(await under.records(), tenant, readable);
      if (onChatFailure === 'fail') {
        expect(report).toMatchObject({ outcome: 'failed', gone: 0, chats: 10 });
        expect(report.reason).toMatch(/^ChatUnreadable: chat .*404/);
        expect((await memo()).syncedThrough).toBeNull();
      } else {
        expect(report).toMatchObject({ outcome: 'completed', gone: 0, parked: 10 });
      }
      under.setGateway();
      expect(await under.nextSync()).toMatchObject({ outcome: 'completed', gone: 0, parked: 0 });
      expectExactly(await under.records(), tenant);
    });

    test('on the second page of a chat', async () => {
      tenant = createTenant({ chats: 3, messagesPerChat: 5 });
      under = await startBehindGateway({ tenant }, { PAGE_SIZE: '2' });
      const [refused = ''] = chatIds();
      under.setGateway((_page, asked) =>
        isMessagesOf([refused], asked) && asked.searchParams.has('after_id') ? notFound(message) : undefined,
      );

      expect(await under.sync()).toMatchObject({ outcome: 'failed', gone: 0, chats: 2 });
      under.setGateway();
      expect(await under.sync()).toMatchObject({ outcome: 'completed', chats: 3 });
      expectExactly(await under.records(), tenant);
    });

    test('of a chat that is parked already', async () => {
      tenant = createTenant({ chats: 4, messagesPerChat: 2 });
      under = await startBehindGateway({ tenant }, { ON_CHAT_FAILURE: 'park' });
      const [broken = ''] = chatIds();
      under.simulator.setFaults({ targets: [{ chatId: broken, kind: '500-no-retry', times: Infinity }] });
      await under.sync();
      under.simulator.setFaults();
      under.setGateway((_page, asked) => (isMessagesOf([broken], asked) ? notFound(message) : undefined));

      expect(await under.nextSync()).toMatchObject({ outcome: 'completed', gone: 0, parked: 1 });
      under.setGateway();
      expect(await under.nextSync()).toMatchObject({ outcome: 'completed', parked: 0, messages: 2 });
      expectExactly(await under.records(), tenant);
    });
  },
);

test('the key that is not taken anywhere any more is blamed, whatever the server calls it', async () => {
  tenant = createTenant({ chats: 20 });
  under = await startBehindGateway({ tenant });
  let answered = 0;
  under.setGateway((page) =>
    page.chat_messages && ++answered < 5 ? undefined : page.data && answered < 5 ? undefined : notFound('Not found'),
  );

  const report = await under.sync();

  expect(report).toMatchObject({ outcome: 'failed', gone: 0 });
  expect(report.reason).toMatch(/^Unauthorized: .*404.*ANTHROPIC_COMPLIANCE_ACCESS_KEY/);
  under.setGateway();
  expect(await under.sync()).toMatchObject({ outcome: 'completed', gone: 0 });
  expectExactly(await under.records(), tenant);
});

test('in a per-user listing nobody is left out for a 404 that names no organization', async () => {
  tenant = createTenant({ organizations: 2, usersPerOrganization: 3, chats: 20 });
  under = await startBehindGateway({ tenant, generation: 'legacy' });
  under.setGateway((_page, { pathname }) => (pathname.endsWith('/users') ? notFound('Not found') : undefined));

  const report = await under.sync();

  expect(report).toMatchObject({ outcome: 'failed' });
  expect(report.reason).toMatch(/^Unauthorized: users: .*404/);
});

test('an organization that is gone when its users are asked for is named, and its neighbours are read', async () => {
  tenant = createTenant({ organizations: 2, usersPerOrganization: 3, chats: 20 });
  const [gone = ''] = tenant.organizations.keys();
  under = await startBehindGateway({ tenant, generation: 'legacy' });
  under.setGateway((_page, { pathname }) =>
    pathname.endsWith(`${gone}/users`) ? notFound('Organization not found') : undefined,
  );

  expect((await under.sync()).reason).toContain(`organization ${gone} is listed, and gone when it is asked for`);
  const wanted = ({ organizationUuid, userId }: { organizationUuid: string; userId: string | null }) =>
    organizationUuid !== gone && userId !== null;
  expectExactly(await under.records(), tenant, { wanted });
});

test('chats that are gone are named in the ledger, counted, and warned of', async () => {
  tenant = createTenant({ chats: 12, messagesPerChat: 2 });
  under = await startBehindGateway({ tenant }, { ON_CHAT_FAILURE: 'park' });
  const gone = chatIds().slice(0, 3);
  const says = ['Chat conversation not found: ', 'Chat ', 'Chat not found'];
  under.setGateway((_page, asked) => {
    const at = gone.findIndex((chatId) => isMessagesOf([chatId], asked));
    const texts = [`${says[0]}'${gone[0]}'`, `${says[1]}${gone[1]} not found.`, says[2]!];
    return at === -1 ? undefined : notFound(texts[at]!);
  });

  const report = await under.sync();

  expect(report).toMatchObject({ outcome: 'completed', gone: 3, chats: 9 });
  expect(report.warnings.join()).toContain('gone, which the ledger names: 3');
  const [line] = await under.ledger();
  expect(line!.gone!.toSorted()).toEqual(gone.toSorted());
});

describe('chats that stay listed, and are gone', () => {
  const goneFromNow = (): string[] => {
    const gone = ['claude_chat_gone1', 'claude_chat_gone2', 'claude_chat_gone3'];
    for (const id of gone) tenant.addMessage(tenant.addChat({ id }).id, { content: 'gone' });
    under.setGateway((_page, asked) => {
      const chatId = gone.find((id) => isMessagesOf([id], asked));
      return chatId === undefined ? undefined : notFound(`Chat conversation not found: '${chatId}'`);
    });
    return gone;
  };

  test('are gone, where one that was published before is there: that is the right key', async () => {
    tenant = createTenant({ chats: 3, messagesPerChat: 2 });
    under = await startBehindGateway({ tenant });
    expect(await under.sync()).toMatchObject({ outcome: 'completed', chats: 3 });
    const gone = goneFromNow();

    expect(await under.nextSync()).toMatchObject({ outcome: 'completed', gone: 3 });
    expect((await under.ledger()).at(-1)!.gone!.toSorted()).toEqual(gone);
  });

  test('are parked where chats are, if no other was ever read, and healed or forgotten once one was', async () => {
    tenant = createTenant({ chats: 0 });
    under = await startBehindGateway({ tenant }, { ON_CHAT_FAILURE: 'park' });
    goneFromNow();
    expect(await under.sync()).toMatchObject({ outcome: 'completed', gone: 0, parked: 3 });
    expect((await memo()).parked[0]?.reason).toBe('it is listed, and answers that it is gone, as most others did');
    expect(await under.nextSync()).toMatchObject({ outcome: 'completed', gone: 0, parked: 3 });

    tenant.addMessage(tenant.addChat({ id: 'claude_chat_good' }).id, { content: 'good' });
    expect(await under.nextSync()).toMatchObject({ outcome: 'completed', gone: 3, parked: 0, chats: 1 });
  });
});

test('where most of what is listed is gone it stops and asks whether that is the right key', async () => {
  tenant = createTenant({ chats: 30, messagesPerChat: 2 });
  under = await startBehindGateway({ tenant });
  let read = 0;
  under.setGateway((page) => {
    const chatId = page['id'];
    if (!page.chat_messages || typeof chatId !== 'string' || ++read <= 4) return undefined;
    return notFound(`Chat conversation not found: '${chatId}'`);
  });

  const report = await under.sync();

  expect(report).toMatchObject({ outcome: 'failed', chats: 4 });
  expect(report.reason).toMatch(/^ChatsGone: 26 of 30 chats .* is this the right key/);
  expect((await memo()).syncedThrough).toBeNull();
  under.setGateway();
  const [deleted = ''] = chatIds();
  tenant.hardDeleteChat(deleted);
  const mended = await under.sync();
  expect(mended).toMatchObject({ outcome: 'completed', from: report.from, to: report.to });
  expectExactly(
    (await under.records()).filter(({ chat_id }) => chat_id !== deleted),
    tenant,
  );
});
