import { delivery, failure, line, never, place } from './deliveries';
import { describePostgres, postgresUnderTest } from './postgres-under-test';

interface Row {
  id: string;
  chat_id: string;
  text: string;
  raw: string | null;
  created_at: Date | null;
}

describePostgres('postgres keeps', () => {
  const lab = postgresUnderTest();

  /** Delivers lines and reads them back. */
  async function kept(...texts: string[]): Promise<Map<string, Row>> {
    const destination = await lab.make();
    expect(await destination.deliver(delivery(place(1, 0), place(1, 10), texts), never)).toEqual({ refused: [] });
    const rows = await lab.query<Row>('SELECT *, record::text AS text FROM chat_messages');
    return new Map(rows.map((row) => [row.id, row]));
  }

  it('NUL and lone surrogates as U+FFFD, what only looks like them as it is, and the exact line beside it', async () => {
    const odd = line('odd', '"name\\u0000":"a\\u0000b \\ud800 \\udc00\\ud83d\\ude00 \\uD83D"');
    const plain = line('plain', '"t":"\\\\u0000 \\\\ud800 \\\\\\\\u0000 \\ud83d\\ude00"');
    const rows = await kept(odd, plain, line('both', '"t":"\\\\\\u0000"'));
    expect(rows.get('odd')?.raw).toBe(odd);
    expect(JSON.parse(rows.get('odd')!.text)).toMatchObject({
      'name\ufffd': 'a\ufffdb \ufffd \ufffd\u{1f600} \ufffd',
    });
    expect(rows.get('plain')?.raw).toBeNull();
    expect(JSON.parse(rows.get('plain')!.text)).toEqual(JSON.parse(plain));
    expect(JSON.parse(rows.get('both')!.text)).toMatchObject({ t: '\\\ufffd' });
    expect(await lab.query("SELECT record->>'t' AS t FROM chat_messages WHERE record->>'t' LIKE '%ufffd%'")).toEqual(
      [],
    );
  });

  it('numbers digit for digit, however long they are', async () => {
    const rows = await kept(line('n', '"a":9007199254740993,"b":1e400,"c":-0.10,"d":1234567890.123456789012345678901'));
    const { text, raw } = rows.get('n')!;
    expect(raw).toBeNull();
    expect(text).toContain('"a": 9007199254740993');
    expect(text).toContain(`"b": 1${'0'.repeat(400)}`);
    expect(text).toContain('"c": -0.10');
    expect(text).toContain('"d": 1234567890.123456789012345678901');
  });

  it('what jsonb has no place for as its metadata, and whole in `raw`; its neighbours as they are', async () => {
    const wide = line('wide', '"n":1e200000,"chat_name":"\\ud800\\u0000"');
    const rows = await kept(line('a'), wide, line('z'));
    expect(rows.get('wide')).toMatchObject({ raw: wide, chat_id: 'chat-1' });
    expect(rows.get('wide')?.created_at?.getTime()).toBe(Date.parse('2026-04-08T14:30:45.123Z'));
    expect(JSON.parse(rows.get('wide')!.text)).toMatchObject({ id: 'wide', chat_id: 'chat-1', role: 'user' });
    for (const id of ['a', 'z']) expect(JSON.parse(rows.get(id)!.text)).toEqual(JSON.parse(line(id)));
  });

  it('times that are none, and those it has no year for', async () => {
    const at = (id: string, time: string): string => line(id).replace('2026-04-08T14:30:45.123456Z', time);
    const rows = await kept(
      at('none', 'yesterday'),
      at('zero', '0000-01-01T00:00:00Z'),
      at('leap', '2026-06-30T23:59:60Z'),
    );
    expect(rows.get('none')).toMatchObject({ created_at: null, raw: null });
    expect(rows.get('zero')).toMatchObject({ created_at: null, raw: at('zero', '0000-01-01T00:00:00Z') });
    expect(rows.get('leap')?.created_at?.toISOString()).toBe('2026-07-01T00:00:00.000Z');
  });

  it('a record of 10 MB, arrays of depth 200, names of prototypes, a chat id that no index holds', async () => {
    const large = line('large', `"t":"${'wide \u00e9 \u{1f600} \\" '.repeat(700_000)}"`);
    expect(Buffer.byteLength(large)).toBeGreaterThan(10_000_000);
    const random = Array.from({ length: 4000 }, (_, i) => String.fromCharCode(0x4e00 + ((i * 7919) % 20_000))).join('');
    const deep = line('deep', `"d":${'['.repeat(200)}1${']'.repeat(200)}`);
    const own = line('own', '"__proto__":{"a":1},"constructor":null,"_id":"mine","":0,"a.b":1');
    const chat = line('chat').replace('"chat-1"', `"${random}"`);
    const rows = await kept(large, deep, own, chat);
    for (const [id, json] of Object.entries({ large, deep, own })) {
      expect(rows.get(id)!.raw).toBeNull();
      expect(JSON.stringify(JSON.parse(rows.get(id)!.text)).length).toBe(JSON.stringify(JSON.parse(json)).length);
    }
    expect(rows.get('own')!.text).toContain('"__proto__": {"a": 1}');
    expect(rows.get('chat')).toMatchObject({ chat_id: random.slice(0, 256), raw: chat });
  });

  describe('when a constraint or a trigger refuses records', () => {
    beforeEach(async () => {
      await (await lab.make()).position?.();
      await lab.query(`ALTER TABLE chat_messages ADD CHECK (id <> 'bad-check')`);
      await lab.query(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.id = 'bad-trigger' THEN RAISE 'refused: %', NEW.record; END IF;
        IF NEW.id = 'bad-custom' THEN RAISE 'refused: %', NEW.record USING ERRCODE = 'ZZ001'; END IF;
        RETURN NEW; END $$`);
      await lab.query('CREATE TRIGGER refuse BEFORE INSERT ON chat_messages FOR EACH ROW EXECUTE FUNCTION refuse()');
    });
    const ids = async (): Promise<unknown> =>
      (await lab.query('SELECT id FROM chat_messages ORDER BY id')).map(({ id }) => id);

    it('keeps the others, and names those', async () => {
      const destination = await lab.make();
      const texts = ['z', 'bad-trigger', 'm', 'bad-check', 'a', 'bad-custom'].map((id) => line(id));
      const { refused } = await destination.deliver(delivery(place(1, 0), place(1, 10), texts), never);
      expect([...refused].sort((a, b) => (a.id < b.id ? -1 : 1))).toEqual([
        { id: 'bad-check', code: '23514' },
        { id: 'bad-custom', code: 'ZZ001' },
        { id: 'bad-trigger', code: 'P0001' },
      ]);
      expect(await ids()).toEqual(['a', 'm', 'z']);
      expect(await destination.position?.()).toEqual(place(1, 10));
    });

    it('keeps nothing and stays where it is when all are refused', async () => {
      const destination = await lab.make();
      await destination.deliver(delivery(place(1, 0), place(1, 5), [line('first')]), never);
      const texts = ['bad-trigger', 'bad-check'].map((id) => line(id));
      const error = await failure(destination.deliver(delivery(place(1, 5), place(1, 10), texts), never));
      expect(error).toMatchObject({ answer: 'refused', code: '23514' });
      expect(await destination.position?.()).toEqual(place(1, 5));
      expect(await ids()).toEqual(['first']);
    });

    it('learns of a deferred constraint before it is too late', async () => {
      await lab.query('CREATE TABLE chats (id text PRIMARY KEY)');
      await lab.query(`INSERT INTO chats VALUES ('chat-1')`);
      await lab.query(
        'ALTER TABLE chat_messages ADD FOREIGN KEY (chat_id) REFERENCES chats DEFERRABLE INITIALLY DEFERRED',
      );
      const texts = [line('a'), line('b').replace('chat-1', 'chat-2')];
      const { refused } = await (await lab.make()).deliver(delivery(place(1, 0), place(1, 10), texts), never);
      expect(refused).toEqual([{ id: 'b', code: '23503' }]);
      expect(await ids()).toEqual(['a']);
    });
  });
});
