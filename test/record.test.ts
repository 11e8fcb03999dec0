import type { Chat, Message } from '../src/compliance-api/schemas';
import { standIn } from '../src/exact-number';
import { toLine, toRecord } from '../src/record';

const SAMPLE = `{"id":"claude_chat_msg_123456","role":"user","created_at":"2026-04-08T14:30:45.123Z",
 "content":[{"type":"text","text":"Can you help me review this pull request for security issues?"}],
 "files":null,"artifacts":null,
 "chat_id":"claude_chat_789012","chat_name":"PR Security Review",
 "chat_user":{"id":"user_abcdefgh","email_address":"user@example.com"},
 "organization_id":"org_12345678","organization_uuid":"550e8400-e29b-41d4-a716-446655440000",
 "project_id":""}`;
const FIELDS = Object.keys(JSON.parse(SAMPLE) as object);

const chat: Chat = {
  id: 'claude_chat_789012',
  name: 'PR Security Review',
  created_at: '2026-04-08T14:30:00.000Z',
  updated_at: '2026-04-08T14:31:00.000Z',
  deleted_at: null,
  href: 'https://claude.ai/chat/claude_chat_789012',
  model: 'claude-opus-4-5',
  organization_id: 'org_12345678',
  organization_uuid: '550e8400-e29b-41d4-a716-446655440000',
  project_id: null,
  user: { id: 'user_abcdefgh', email_address: 'user@example.com' },
};
const message: Message = {
  id: 'claude_chat_msg_123456',
  role: 'user',
  created_at: '2026-04-08T14:30:45.123Z',
  content: [{ type: 'text', text: 'Can you help me review this pull request for security issues?' }],
  files: null,
  artifacts: null,
};
const parsed = <T extends object>(value: T, json: string): T => ({ ...value, ...(JSON.parse(json) as object) });

describe('toRecord', () => {
  it('gives the sample, byte for byte', () => {
    expect(JSON.stringify(toRecord(chat, message))).toBe(JSON.stringify(JSON.parse(SAMPLE)));
  });

  it('has its fields in the order of the sample, whatever the order of the message', () => {
    const backwards = Object.fromEntries(Object.entries(message).reverse());
    expect(Object.keys(toRecord(chat, { ...backwards, ...message }))).toEqual(FIELDS);
  });

  it("passes on every other field of the message after its own, in the message's order", () => {
    const extra = { zebra: { deep: [1, null] }, ...message, generated_files: [{ id: 'claude_gen_file_1' }], apple: '' };
    const record = toRecord(chat, extra);
    expect(Object.keys(record)).toEqual([...FIELDS, 'zebra', 'generated_files', 'apple']);
    expect(record).toMatchObject({
      zebra: { deep: [1, null] },
      generated_files: [{ id: 'claude_gen_file_1' }],
      apple: '',
    });
  });

  it('emits no other field of the chat', () => {
    const record = toRecord({ ...chat, secret_setting: true }, message);
    expect(Object.keys(record)).toEqual(FIELDS);
  });

  it('emits no other field of the user', () => {
    const user = { id: 'user_1', email_address: 'a@example.com', full_name: 'Ada' };
    expect(toRecord({ ...chat, user }, message).chat_user).toEqual({ id: 'user_1', email_address: 'a@example.com' });
  });

  it.each<[string, Partial<Chat>]>([
    ['null', { organization_id: null, organization_uuid: null, project_id: null, user: null }],
    ['undefined', { organization_id: undefined, organization_uuid: undefined, project_id: undefined, user: undefined }],
  ])('has empty ids and no user where the chat has %s', (_title, absent) => {
    const record = toRecord({ ...chat, ...absent }, message);
    expect(record).toMatchObject({ organization_id: '', organization_uuid: '', project_id: '', chat_user: null });
    expect(Object.keys(record)).toEqual(FIELDS);
  });

  it('has every field where the API leaves out all that it may', () => {
    const { id, name, created_at, updated_at } = chat;
    const { files: _files, artifacts: _artifacts, ...bare } = message;
    expect(JSON.parse(JSON.stringify(toRecord({ id, name, created_at, updated_at }, bare)))).toEqual({
      ...message,
      chat_id: id,
      chat_name: name,
      chat_user: null,
      organization_id: '',
      organization_uuid: '',
      project_id: '',
    });
  });

  it('passes on attachments and blocks of any kind as they came', () => {
    const given = { files: [{ id: 'f', odd: 1 }], artifacts: [], content: [{ type: 'hologram' }, 'bare', 7] };
    expect(toRecord(chat, { ...message, ...given })).toMatchObject(given);
  });

  it.each([null, '', 'a text', { type: 'text', text: 'one block' }, 7, []].map((content) => [content]))(
    'has the content that the API gave, whatever it is: %j',
    (content) => {
      const record = toRecord(chat, { ...message, content });
      expect(record.content).toBe(content);
      expect(Object.keys(record)).toEqual(FIELDS);
    },
  );

  it('has null for content that is absent', () => {
    const { content: _content, ...bare } = message;
    expect(JSON.parse(toLine(toRecord(chat, bare)))).toMatchObject({ id: message.id, content: null });
  });

  it('leaves the times as the API wrote them', () => {
    const created_at = '2026-04-08T14:30:45.123456+00:00';
    expect(toRecord(chat, { ...message, created_at }).created_at).toBe(created_at);
  });

  it('emits an emptied message of a deleted chat', () => {
    const record = toRecord({ ...chat, name: '', deleted_at: chat.updated_at }, { ...message, content: [] });
    expect(record).toMatchObject({ id: message.id, chat_name: '', content: [] });
  });

  it('keeps its own value where a field of the message has the same name, and its place', () => {
    const clashes = {
      chat_id: 'other',
      chat_name: 'other',
      chat_user: { id: 'other' },
      organization_id: 'other',
      organization_uuid: 'other',
      project_id: 'other',
    };
    const record = toRecord(chat, { ...clashes, ...message, ...clashes });
    expect(JSON.stringify(record)).toBe(JSON.stringify(JSON.parse(SAMPLE)));
  });

  it.each(['__proto__', 'constructor', 'toString'])('takes %s for a field like any other', (name) => {
    const given = parsed(message, `{"${name}": {"polluted": true}}`);
    const hostile = JSON.parse(JSON.stringify(message).replace('{', `{"${name}":{"polluted":true},`)) as Message;
    for (const record of [toRecord(chat, hostile), toRecord(chat, given)]) {
      expect(Object.getPrototypeOf(record)).toBe(Object.prototype);
      expect(record['polluted']).toBeUndefined();
      expect(JSON.stringify(record)).toBe(
        JSON.stringify(toRecord(chat, message)).replace(/}$/, `,"${name}":{"polluted":true}}`),
      );
    }
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });

  it('leaves what it was given as it was', () => {
    const [chatBefore, messageBefore] = [JSON.stringify(chat), JSON.stringify(message)];
    toRecord(chat, message);
    expect([JSON.stringify(chat), JSON.stringify(message)]).toEqual([chatBefore, messageBefore]);
  });
});

describe('toLine', () => {
  it('is the record as JSON, on a line of its own', () => {
    const text = 'two\nlines\u2028 "é" 😀 \ud800';
    const record = toRecord(chat, { ...message, content: [{ type: 'text', text }] });
    expect(toLine(record)).toBe(`${JSON.stringify(record)}\n`);
    expect(toLine(record).trimEnd()).not.toContain('\n');
  });

  it('has numbers as they came, also where JSON.stringify would round them', () => {
    const record = toRecord(chat, { ...message, size: JSON.parse(standIn('9007199254740993')), other: 1.5 });
    expect(toLine(record)).toContain(',"size":9007199254740993,"other":1.5}');
  });
});
