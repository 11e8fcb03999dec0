import { inspect } from 'node:util';
import { z } from 'zod';
import { ApiError, recoveryOf } from '../../src/compliance-api/errors';
import { createPacer } from '../../src/compliance-api/pacer';
import { misfitOf } from '../../src/compliance-api/schemas';
import { clientOf, closeAll, json, secretKey, serve } from './local-server';
import { chatPage, message, messagePage } from './samples';
import type { FailureKind, Recovery } from '../../src/domain/failure-kinds';
import { used } from './used';

afterEach(closeAll);

const secret = 'my-salary-is-4711';
const body = (type: string, message = `${secret} ${secretKey}`) => ({ error: { type, message } });

/** What a list and a chat's messages become when the server answers so. */
async function failures(...answer: Parameters<typeof json>): Promise<{ list: ApiError; messages: ApiError }> {
  const { url } = await serve(json(...answer));
  // A client each: after a 429 the other would wait.
  return {
    list: await failureOf(clientOf(url).listChats({})),
    messages: await failureOf(used(clientOf(url).getChatMessages('claude_chat_1', {}, {}), () => Promise.resolve())),
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
  const cases: [number, object, Record<string, string>, FailureKind, Recovery, Recovery][] = [
    [400, body('invalid_request_error'), {}, 'bad-request', 'stop', 'never'],
    [401, body('authentication_error'), {}, 'unauthorized', 'stop', 'never'],
    [403, body('permission_error'), {}, 'forbidden', 'stop', 'never'],
    [404, body('not_found_error'), {}, 'unnamed-404', 'stop', 'never'],
    [404, body('api_error'), {}, 'not-the-api', 'stop', 'never'],
    [408, {}, {}, 'overloaded', 'later', 'later'],
    [409, body('conflict_error'), {}, 'refused', 'stop', 'never'],
    [429, body('rate_limit_error'), {}, 'rate-limited', 'later', 'later'],
    [500, body('api_error'), {}, 'server-error', 'later', 'later'],
    [500, body('api_error'), retry, 'never', 'stop', 'never'],
    [502, {}, {}, 'overloaded', 'later', 'later'],
    [504, {}, {}, 'overloaded', 'later', 'later'],
    [529, body('overloaded_error'), {}, 'overloaded', 'later', 'later'],
    [301, {}, { location: 'https://elsewhere.example.com/' }, 'redirect', 'stop', 'never'],
    [304, {}, {}, 'redirect', 'stop', 'never'],
    [200, { nothing: 'promised' }, {}, 'unexpected-shape', 'stop', 'never'],
  ];
  it.each(cases)('sorts status %i with %j %j as %s: %s for a list, %s for messages', async (...row) => {
    const [status, json, headers, kind, onList, onMessages] = row;
    const { list, messages } = await failures(json, status, headers);
    expect(list).toMatchObject({ kind, status, endpoint: 'chats' });
    expect(messages).toMatchObject({ kind, status, endpoint: 'messages' });
    expect([recoveryOf(list), recoveryOf(messages)]).toEqual([onList, onMessages]);
  });

  it('takes a server at its word that a chat will always fail, and waits for a list', async () => {
    const { list, messages } = await failures(body('overloaded_error'), 503, retry);
    expect([list.kind, messages.kind]).toEqual(['overloaded', 'never']);
  });

  const chatId = 'claude_chat_1';
  it.each<[number, string, string, FailureKind]>([
    [404, 'not_found_error', `Chat conversation not found: '${chatId}'`, 'not-found'],
    [404, 'not_found_error', `Chat ${chatId} not found.`, 'not-found'],
    [404, 'not_found_error', `Chat conversation not found: \`${chatId}\` `, 'not-found'],
    [404, 'not_found_error', `Chat with id ${chatId} not found.`, 'not-found'],
    [404, 'not_found_error', 'Chat not found', 'perhaps-gone'],
    [404, 'not_found_error', 'Chat not found or not accessible with this key', 'unnamed-404'],
    [404, 'not_found_error', 'Chat service not found', 'unnamed-404'],
    [404, 'not_found_error', 'No such endpoint for chat', 'unnamed-404'],
    [404, 'not_found_error', `Chat conversation not found: '${chatId}2'`, 'unnamed-404'],
    [404, 'not_found_error', 'Local sessions are not available.', 'unnamed-404'],
    [404, 'not_found_error', 'File not found: 550e8400', 'unnamed-404'],
    [404, 'not_found_error', 'Not found', 'unauthenticated'],
    [404, 'not_found_error', 'not found.', 'unauthenticated'],
    [404, 'not_found_error', '', 'unauthenticated'],
    [404, 'invalid_request_error', 'Not found', 'not-the-api'],
    [400, 'invalid_request_error', 'Compliance API is not enabled for this organization', 'api-disabled'],
    [403, 'permission_error', 'The Compliance API has been disabled for this organization.', 'api-disabled'],
    [400, 'invalid_request_error', "Unknown query parameter: 'tool_result_max_chars'.", 'unknown-parameter'],
    [400, 'invalid_request_error', 'anthropic-version: "2023-06-01" is not supported', 'version-refused'],
    [400, 'invalid_request_error', 'after_id: the cursor has expired', 'cursor-refused'],
    [400, 'invalid_request_error', 'Invalid page token', 'cursor-refused'],
    [400, 'invalid_request_error', 'user_ids[] is required', 'query-refused'],
    [400, 'invalid_request_error', 'order_by=updated_at cannot be combined with created_at.gte', 'query-refused'],
    [400, 'invalid_request_error', 'limit must be at most 500', 'bad-request'],
    [400, 'invalid_request_error', 'user_ids[]: field required', 'query-refused'],
    [400, 'invalid_request_error', 'at least one user is required', 'query-refused'],
    [400, 'invalid_request_error', 'order_by is not supported', 'query-refused'],
    [400, 'invalid_request_error', 'updated_at.gte must be a valid RFC 3339 timestamp', 'bad-request'],
    [400, 'invalid_request_error', 'updated_at.gte: must not be in the future', 'bad-request'],
    [400, 'invalid_request_error', 'created_at.gte is older than the retention allowed', 'bad-request'],
    [400, 'invalid_request_error', 'The user of this key is suspended', 'bad-request'],
    [400, 'invalid_request_error', 'updated_at.gte must not be older than 90 days', 'bad-request'],
    [400, 'invalid_request_error', 'At least one user must be active', 'bad-request'],
    [400, 'invalid_request_error', 'Unrecognized query parameter: order_by', 'unknown-parameter'],
    [400, 'invalid_request_error', 'pagination limit exceeded', 'bad-request'],
    [403, 'permission_error', 'The Compliance API is not available on your plan', 'api-disabled'],
    [403, 'permission_error', 'Your IP address is outside the allowlist', 'address-refused'],
    [410, 'invalid_request_error', 'after_id: the cursor has expired', 'gone-for-good'],
    [451, 'permission_error', 'Withheld.', 'withheld'],
    [405, 'invalid_request_error', 'Method Not Allowed', 'method-refused'],
    [422, 'invalid_request_error', 'user_ids[] is required', 'refused'],
    [401, 'authentication_error', 'API key is invalid.', 'unauthorized'],
    [401, 'authentication_error', 'API key has been deactivated.', 'key-deactivated'],
    [401, 'authentication_error', 'API key has expired.', 'key-expired'],
    [
      403,
      'permission_error',
      "Cannot query compliance data for organizations outside this API key's scope",
      'foreign-organization',
    ],
    [403, 'permission_error', 'Needed: [read:compliance_user_data]', 'forbidden'],
  ])('tells apart, by its own sentence: %i %s %j is %s', async (status, type, message, kind) => {
    const { messages } = await failures(body(type, message), status, { 'x-should-retry': 'false' });
    expect(messages.kind).toBe(kind);
    if (message.length > 12) expect(inspect(messages, { depth: 9 })).not.toContain(message);
  });

  it('goes by error.details.error_code where there is one, and repeats it if it looks like a code', async () => {
    const coded = (error_code: string) => ({
      error: { type: 'invalid_request_error', message: '', details: { error_code } },
    });
    const { list } = await failures(coded('compliance_api_not_enabled'), 400);
    expect(list).toMatchObject({ kind: 'api-disabled' });
    expect(list.message).toContain('compliance_api_not_enabled');
    expect((await failures(coded(`a ${secret}`), 400)).list.message).not.toContain(secret);
  });

  it.each<[string, string, FailureKind]>([
    ['chat_not_found', `Chat conversation not found: '${chatId}'`, 'not-found'],
    ['not_found', 'Not found', 'unauthenticated'],
    ['not_found', '', 'unauthenticated'],
  ])('sorts a 404 by its message, whatever code stands beside it: %s %s', async (error_code, message, kind) => {
    const { messages } = await failures({ error: { type: 'not_found_error', message, details: { error_code } } }, 404);
    expect(messages.kind).toBe(kind);
  });

  it('names which of our parameters a server does not know', async () => {
    const said = "Unknown query parameter: 'created_at.gte'. Did you mean 'created_at[gte]' or 'limit'?";
    expect((await failures(body('invalid_request_error', said), 400)).list.parameter).toBe('created_at.gte');
    const foreign = `Unknown query parameter: '${secret}'`;
    expect((await failures(body('invalid_request_error', foreign), 400)).list.parameter).toBeUndefined();
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
    expect(error.kind).toBe('not-json');
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(secret);
  });

  it.each<[string, unknown]>([
    ['the whole', [message]],
    ['chat_messages', { ...messagePage(), chat_messages: { [secret]: 1 } }],
    ['chat_messages.1', messagePage(message, secret)],
    ['chat_messages.1.created_at', messagePage(message, { ...message, created_at: secret })],
    ['chat_messages.0.id', messagePage({ ...message, id: undefined, [secret]: secret })],
    ['chat_messages.0.id', messagePage({ ...message, id: 'x'.repeat(513) })],
    ['chat_messages.0.role', messagePage({ ...message, role: null })],
    ['chat_messages.1', messagePage(message, { ...message, ['x'.repeat(2000)]: secret })],
    ['name', { ...messagePage(), name: 'x'.repeat(100_000) }],
    ['chat_messages.0.files', messagePage({ ...message, files: secret })],
    ['user.id', { ...messagePage(), user: { [secret]: secret } }],
    ['user.email_address', { ...messagePage(), user: { id: 'u', email_address: [secret] } }],
    ['id', { ...messagePage(), id: secret }],
    ['has_more', { ...messagePage(), has_more: secret }],
  ])('says where an answer has another shape, by our own names alone: %s', async (place, page) => {
    const { url } = await serve(json(page, 200, { 'request-id': 'req_1' }));
    const error = await failureOf(
      used(clientOf(url).getChatMessages('claude_chat_1', {}, {}), () => Promise.resolve()),
    );
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
