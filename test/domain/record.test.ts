import { closeAll } from '../compliance-api/local-server';
import { linesOfAnswer } from '../compliance-api/emitted-lines';

afterEach(closeAll);

const SAMPLE = `{"id":"claude_chat_msg_123456","role":"user","created_at":"2026-04-08T14:30:45.123Z",
 "content":[{"type":"text","text":"Can you help me review this pull request for security issues?"}],
 "files":null,"artifacts":null,
 "chat_id":"claude_chat_789012","chat_name":"PR Security Review",
 "chat_user":{"id":"user_abcdefgh","email_address":"user@example.com"},
 "organization_id":"org_12345678","organization_uuid":"550e8400-e29b-41d4-a716-446655440000",
 "project_id":""}`;
const sample = SAMPLE.replace(/\n */g, '');
const FIELDS = Object.keys(JSON.parse(SAMPLE) as object);

const chat = {
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
const message = {
  id: 'claude_chat_msg_123456',
  role: 'user',
  created_at: '2026-04-08T14:30:45.123Z',
  content: [{ type: 'text', text: 'Can you help me review this pull request for security issues?' }],
  files: null,
  artifacts: null,
};

/** The line that a message becomes, both given as text. */
async function lineOf(given: string, ofChat: object = chat): Promise<string> {
  const page = JSON.stringify({ ...ofChat, chat_messages: [0], has_more: false });
  const [line = '', ...others] = await linesOfAnswer(
    page.replace('[0]', () => `[${given}]`),
    chat.id,
  );
  expect(others).toEqual([]);
  return line;
}
const recordOf = async (given: object, ofChat: object = chat): Promise<Record<string, unknown>> =>
  JSON.parse(await lineOf(JSON.stringify(given), ofChat));

describe('a record', () => {
  it('is the sample, byte for byte', async () => {
    expect(await lineOf(JSON.stringify(message))).toBe(sample);
  });

  it('has its fields in the order of the sample, whatever the order of the message', async () => {
    const backwards = Object.fromEntries(Object.entries(message).toReversed());
    expect(await lineOf(JSON.stringify(backwards))).toBe(sample);
  });

  it.each([
    ['after them', { chat_messages: [message], ...chat, has_more: false }],
    ['around them', { has_more: false, ...chat, chat_messages: [message], project_id: null }],
  ])('has the metadata of its chat where that stands %s', async (_title, page) => {
    expect(await linesOfAnswer(JSON.stringify(page), chat.id)).toEqual([sample]);
  });

  it("passes on every other field of the message after its own, in the message's order", async () => {
    const extra = { zebra: { deep: [1, null] }, ...message, generated_files: [{ id: 'claude_gen_file_1' }], apple: '' };
    const others = '"zebra":{"deep":[1,null]},"generated_files":[{"id":"claude_gen_file_1"}],"apple":""';
    expect(await lineOf(JSON.stringify(extra))).toBe(sample.replace(/}$/, `,${others}}`));
  });

  it('emits no other field of the chat or of the user', async () => {
    const user = { ...chat.user, full_name: 'Ada' };
    expect(JSON.stringify(await recordOf(message, { ...chat, user, secret_setting: true }))).toBe(sample);
  });

  it.each<[string, object]>([
    ['null', { organization_id: null, organization_uuid: null, project_id: null, user: null }],
    ['undefined', { organization_id: undefined, organization_uuid: undefined, project_id: undefined, user: undefined }],
  ])('has empty ids and no user where the chat has %s', async (_title, absent) => {
    const record = await recordOf(message, { ...chat, ...absent });
    expect(record).toMatchObject({ organization_id: '', organization_uuid: '', project_id: '', chat_user: null });
    expect(Object.keys(record)).toEqual(FIELDS);
  });

  it('has every field where the API leaves out all that it may', async () => {
    const { files: _files, artifacts: _artifacts, content: _content, ...bare } = message;
    const record = await recordOf(bare, { id: chat.id });
    expect(record).toEqual({
      ...message,
      content: null,
      chat_id: chat.id,
      chat_name: '',
      chat_user: null,
      organization_id: '',
      organization_uuid: '',
      project_id: '',
    });
    expect(Object.keys(record)).toEqual(FIELDS);
  });

  it('passes on attachments and blocks of any kind as they came', async () => {
    const given = { files: [{ id: 'f', odd: 1 }], artifacts: [], content: [{ type: 'hologram' }, 'bare', 7] };
    expect(await recordOf({ ...message, ...given })).toMatchObject(given);
  });

  it.each([null, '', 'a text', { type: 'text', text: 'one block' }, 7, false, []].map((content) => [content]))(
    'has the content that the API gave, whatever it is: %j',
    async (content) => {
      const record = await recordOf({ ...message, content });
      expect(record['content']).toEqual(content);
      expect(Object.keys(record)).toEqual(FIELDS);
    },
  );

  it.each([
    '2026-04-08T14:30:45.123456789012345678901234567890Z',
    '2026-04-08T14:30:45+00:00',
    '2026-04-08t14:30:45z',
    '2026-06-30T23:59:60Z',
    '0001-01-01T00:00:00Z',
  ])('leaves the time as the API wrote it: %s', async (created_at) => {
    expect((await recordOf({ ...message, created_at }))['created_at']).toBe(created_at);
  });

  it('keeps its own value where a field of the message has the same name, and its place', async () => {
    const clashes = {
      chat_id: 'other',
      chat_name: 'other',
      chat_user: { id: 'other' },
      organization_id: 'other',
      organization_uuid: 'other',
      project_id: 'other',
    };
    expect(await lineOf(JSON.stringify({ ...clashes, ...message }))).toBe(sample);
    expect(await lineOf(JSON.stringify({ ...message, ...clashes }))).toBe(sample);
  });

  it.each(['__proto__', 'constructor', 'toString', '7', '', 'ü'])(
    'takes %j for a field like any other',
    async (name) => {
      const given = JSON.stringify(message).replace('{', `{"${name}":{"polluted":true},`);
      expect(await lineOf(given)).toBe(sample.replace(/}$/, `,"${name}":{"polluted":true}}`));
      expect(Reflect.get({}, 'polluted')).toBeUndefined();
    },
  );

  it.each([
    ['its own', '"id":"other",', sample],
    ['its own, written otherwise', '"\\u0069d":"other",', sample],
    ['a foreign one, at its first place', '"odd":1,"even":2,"odd":1.0,', sample.replace(/}$/, ',"odd":1.0,"even":2}')],
    ['a foreign one, written otherwise', '"odd":1,"\\u006fdd":3,', sample.replace(/}$/, ',"\\u006fdd":3}')],
  ])('has the last of several fields of one name: %s', async (_title, fields, line) => {
    expect(await lineOf(JSON.stringify(message).replace('{', () => `{${fields}`))).toBe(line);
  });

  it('knows its fields however their names are written', async () => {
    const given = JSON.stringify(message)
      .replace('"role"', '"r\\u006fl\\u0065"')
      .replace('"content"', '"\\u0063ontent"');
    expect(await lineOf(given)).toBe(sample);
  });

  it('writes its id in one way, so that it can be told by it', async () => {
    const id = JSON.stringify(message.id).replace('claude', '\\u0063laude');
    expect(await lineOf(JSON.stringify(message).replace(JSON.stringify(message.id), () => id))).toBe(sample);
  });

  it('is one line without white space, whatever stands in its texts and between them', async () => {
    const text = 'a "quote" \\ \n\r\u2028\u2029\u0000 {,}: \t end\\';
    const given = { ...message, content: [{ type: 'text', text }, [], {}, [true, false, null, -0.5e3]] };
    expect(await lineOf(JSON.stringify(given, null, '\t\r\n '))).toBe(await lineOf(JSON.stringify(given)));
    expect(await lineOf(JSON.stringify(given))).toContain(JSON.stringify(given.content));
  });
});
