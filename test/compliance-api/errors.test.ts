import { inspect } from 'node:util';
import { z } from 'zod';
import { ApiError, recoveryOf, type ApiErrorKind, type Recovery } from '../../src/compliance-api/errors';
import { createPacer } from '../../src/compliance-api/pacer';
import { misfitOf } from '../../src/compliance-api/schemas';
import { clientOf, closeAll, json, secretKey, serve } from './local-server';
import { chatPage, message, messagePage } from './samples';

afterEach(closeAll);

const secret = 'my-salary-is-4711';
const body = (type: string, message = `${secret} ${secretKey}`) => ({ error: { type, message } });

/** What a list and a chat's messages become when the server answers so. */
async function failures(...answer: Parameters<typeof json>): Promise<{ list: ApiError; messages: ApiError }> {
  const { url } = await serve(json(...answer));
  // A client each: after a 429 the other would wait.
  return {
    list: await failureOf(clientOf(url).listChats({})),
    messages: await failureOf(clientOf(url).getChatMessages('claude_chat_1', {}, {}, () => Promise.resolve())),
  };
}

async function failureOf(call: Promise<unknown>): Promise<ApiError> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof ApiError) return error;
  throw new Error(`no ApiError: ${inspect(error)}`);
}

describe('an ApiError', () => {
  const retry = { 'x-should-retry': 'false' };
  const cases: [number, object, Record<string, string>, ApiErrorKind, Recovery, Recovery][] = [
    [400, body('invalid_request_error'), {}, 'bad-request', 'stop', 'never'],
    [401, body('authentication_error'), {}, 'unauthorized', 'stop', 'stop'],
    [403, body('permission_error'), {}, 'forbidden', 'stop', 'stop'],
    [404, body('not_found_error'), {}, 'not-found', 'stop', 'gone'],
    [404, body('api_error'), {}, 'not-the-api', 'stop', 'never'],
    [408, {}, {}, 'overloaded', 'later', 'later'],
    [409, body('conflict_error'), {}, 'bad-request', 'stop', 'never'],
    [429, body('rate_limit_error'), {}, 'rate-limited', 'later', 'later'],
    [500, body('api_error'), {}, 'server-error', 'later', 'later'],
    [500, body('api_error'), retry, 'never', 'stop', 'never'],
    [502, {}, {}, 'overloaded', 'later', 'later'],
    [503, {}, retry, 'overloaded', 'later', 'later'],
    [504, {}, {}, 'overloaded', 'later', 'later'],
    [529, body('overloaded_error'), {}, 'overloaded', 'later', 'later'],
    [301, {}, { location: 'https://elsewhere.example.com/' }, 'redirect', 'stop', 'stop'],
    [304, {}, {}, 'redirect', 'stop', 'stop'],
    [200, { nothing: 'promised' }, {}, 'unexpected-shape', 'stop', 'never'],
  ];
  it.each(cases)('sorts status %i with %j %j as %s: %s for a list, %s for messages', async (...row) => {
    const [status, json, headers, kind, onList, onMessages] = row;
    const { list, messages } = await failures(json, status, headers);
    expect(list).toMatchObject({ kind, status, endpoint: 'chats' });
    expect(messages).toMatchObject({ kind, status, endpoint: 'messages' });
    expect([recoveryOf(list), recoveryOf(messages)]).toEqual([onList, onMessages]);
  });

  it('says nothing that the server wrote, nor the key, but known words and the request-id', async () => {
    for (const [status] of cases) {
      const answer = { ...body('secret_error'), [secret]: secret };
      const { list, messages } = await failures(answer, status, { 'request-id': `req_1 ${secret}`, location: secret });
      for (const error of [list, messages]) {
        expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(
          new RegExp(`${secret}|${secretKey}|secret_error`),
        );
      }
    }
    const { list } = await failures(body('api_error'), 500, { 'request-id': 'req_1' });
    expect(list.message).toBe('chats: the server failed (server-error, status 500, api_error, request-id req_1)');
  });

  it('says nothing of a body that is not JSON', async () => {
    const { url } = await serve((_request, response) => response.end(`{"text":"${secret}",}`));
    const error = await failureOf(clientOf(url).listChats({}));
    expect(error.kind).toBe('cut-short');
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(secret);
  });

  it.each<[string, unknown]>([
    ['the whole', [message]],
    ['chat_messages', { ...messagePage(), chat_messages: { [secret]: 1 } }],
    ['chat_messages.1', messagePage(message, secret)],
    ['chat_messages.1.created_at', messagePage(message, { ...message, created_at: secret })],
    ['chat_messages.0.id', messagePage({ ...message, id: undefined, [secret]: secret })],
    ['chat_messages.0.files', messagePage({ ...message, files: secret })],
    ['user.id', { ...messagePage(), user: { [secret]: secret } }],
    ['user.email_address', { ...messagePage(), user: { id: 'u', email_address: [secret] } }],
    ['id', { ...messagePage(), id: secret }],
    ['updated_at', { ...messagePage(), updated_at: 9007199254740993 }],
    ['has_more', { ...messagePage(), has_more: secret }],
  ])('says where an answer has another shape, by our own names alone: %s', async (place, page) => {
    const { url } = await serve(json(page, 200, { 'request-id': 'req_1' }));
    const error = await failureOf(clientOf(url).getChatMessages('claude_chat_1', {}, {}, () => Promise.resolve()));
    expect(error).toMatchObject({ kind: 'unexpected-shape', at: place });
    expect(error.message).toBe(
      `messages: the answer is not what was promised (unexpected-shape, status 200, at ${place}, request-id req_1)`,
    );
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(secret);
  });

  it('repeats no name that is not of our schemas, whatever a schema comes to ask for', () => {
    const page = { data: { [secret]: [1] } };
    const schema = z.object({ data: z.record(z.string(), z.array(z.string())) });
    expect(misfitOf(schema, page)).toBe('data.?.0');
  });

  it('says so where an answer is nested without end', async () => {
    const { url } = await serve((_request, response) => response.end('['.repeat(1000)));
    const error = await failureOf(clientOf(url).listChats({}));
    expect(error.message).toBe(
      'chats: the answer is not what was promised (unexpected-shape, status 200, at its nesting)',
    );
  });

  it('names the scopes that a 403 lists as needed, and no other word of it', async () => {
    const message = `Got: [read:compliance_user_data]. Needed one of: [read:compliance_org_data, read:org_audit, ${secret}]`;
    const { list } = await failures(body('permission_error', message), 403);
    expect(list.missingScopes).toEqual(['read:compliance_org_data', 'read:org_audit']);
    expect(list.message).toContain('needed: read:compliance_org_data or read:org_audit');
    const { list: vague } = await failures(body('permission_error', 'Got: [read:org_audit]'), 403);
    expect(vague.missingScopes).toEqual([]);
  });

  it("has the server's clock, also on a 403", async () => {
    const date = 'Wed, 08 Apr 2026 14:30:45 GMT';
    const { list } = await failures(body('permission_error'), 403, { date });
    expect(list.serverTimeMs).toBe(Date.parse(date));
  });

  it.each([
    ['7', 7000],
    ['0.25', 1000],
    ['0', 1000],
    ['99999999', 600_000],
    ['-5', undefined],
    ['', undefined],
    ['soon', undefined],
    ['1e9', undefined],
    ['Wed, 08 Apr 2026 14:31:00 GMT', 15_000],
    ['Wed, 08 Apr 2020 14:31:00 GMT', 1000],
  ])('reads a retry-after of %j as %p ms', async (retryAfter, ms) => {
    const { list } = await failures({}, 429, { 'retry-after': retryAfter, date: 'Wed, 08 Apr 2026 14:30:45 GMT' });
    expect(list.retryAfterMs).toBe(ms);
  });

  it('says when it goes on after a 429, where the server says so', async () => {
    const { list } = await failures(body('rate_limit_error'), 429, { 'retry-after': '44.2', 'request-id': 'req_1' });
    expect(list.message).toBe(
      'chats: too many requests (rate-limited, status 429, again in 45 s, rate_limit_error, request-id req_1)',
    );
    const { list: vague } = await failures(body('rate_limit_error'), 429);
    expect(vague.message).toBe('chats: too many requests (rate-limited, status 429, rate_limit_error)');
    // Somebody else's waiting is not the rate limit's.
    const { list: away } = await failures(body('overloaded_error'), 529, { 'retry-after': '45' });
    expect(away.message).toBe('chats: the server is overloaded or away (overloaded, status 529, overloaded_error)');
  });

  it('follows no redirect, so that the key goes nowhere else', async () => {
    const elsewhere = await serve(json(chatPage()));
    const { url } = await serve(json({}, 307, { location: elsewhere.url }));
    expect((await failureOf(clientOf(url).listChats({}))).kind).toBe('redirect');
    expect(elsewhere.requests).toHaveLength(0);
  });

  it.each(['', 'two\nlines', 'with space', 'schlüssel', 'nul\u0000'])(
    'does not send or repeat a key such as %j',
    async (key) => {
      const { url, requests } = await serve(json(chatPage()));
      const error = await failureOf(clientOf(url, { accessKey: () => key }).listChats({}));
      expect(error.kind).toBe('no-key');
      expect(recoveryOf(error)).toBe('later');
      if (key !== '') expect(inspect(error, { showHidden: true })).not.toContain(key);
      expect(requests).toHaveLength(0);
    },
  );

  it('has the code, but not the message, of what kept the key from being read', async () => {
    const { url } = await serve(json(chatPage()));
    const unreadable = Object.assign(new Error(`EACCES: ${secret}`), { code: 'EACCES' });
    const error = await failureOf(clientOf(url, { accessKey: () => Promise.reject(unreadable) }).listChats({}));
    expect(error).toMatchObject({ kind: 'no-key', code: 'EACCES' });
    expect(inspect(error, { showHidden: true })).not.toContain(secret);
  });

  it('says how long to wait when the pacer refuses a turn, and makes no request', async () => {
    const { url, requests } = await serve(json(chatPage()));
    const pacer = createPacer({ requestsPerSecond: 4, workers: 1 });
    pacer.observe({ status: 429, retryAfterMs: 60_000 });
    const error = await failureOf(clientOf(url, { pacer }).listChats({}));
    expect(error.kind).toBe('not-our-turn');
    expect(error.retryAfterMs).toBeGreaterThan(30_000);
    expect(error.message).toMatch(
      /^chats: the rate limit lets no request start now \(not-our-turn, again in (59|60) s\)$/,
    );
    expect(recoveryOf(error)).toBe('later');
    expect(requests).toHaveLength(0);
  });

  it('tells the pacer of every answer', async () => {
    const pacer = createPacer({ requestsPerSecond: 1000, workers: 1 });
    const headers = { 'anthropic-ratelimit-requests-remaining': '321', 'retry-after': '60' };
    const { url } = await serve(json({}, 429, headers));
    await failureOf(clientOf(url, { pacer }).listChats({}));
    expect(pacer.budgetRemaining()).toBe(321);
    await expect(pacer.turn()).rejects.toMatchObject({ name: 'TurnRefused' });
  });
});
