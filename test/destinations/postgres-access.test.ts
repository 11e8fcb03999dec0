import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { postgres } from '../../src/destinations/postgres/definition';
import { readDestinations } from '../../src/config/destinations';
import { CANARY, delivery, failure, line, lines, never, place } from './deliveries';
import { describePostgres, postgresUnderTest } from './postgres-under-test';

const first = delivery(place(1, 0), place(1, 1), lines(3));

describe('the settings of postgres', () => {
  const problems = (more: Record<string, string>): string[] =>
    readDestinations({ DESTINATIONS: 'postgres', POSTGRES_URL: `postgresql://u:${CANARY}@h/d`, ...more }).problems;

  it('are few, and those that are wrong are told without the password', () => {
    expect(problems({})).toEqual([]);
    expect(problems({ POSTGRES_TABLE: 'audit.chat_messages', POSTGRES_MIGRATE: 'off' })).toEqual([]);
    for (const table of ['a"b', 'a.b.c', '', 'chat_sync_position', 'x.chat_sync_migration', '1a', 'a;b', 'a b']) {
      const [problem, ...more] = problems({ POSTGRES_TABLE: table });
      expect(problem).toContain('POSTGRES_TABLE');
      expect(more).toEqual([]);
    }
    expect(problems({ POSTGRES_MIGRATE: 'maybe' }).join()).not.toContain(CANARY);
    expect(readDestinations({ DESTINATIONS: 'postgres' }).problems).toEqual([
      'POSTGRES_URL or POSTGRES_URL_FILE is not set',
    ]);
    expect(postgres.limits?.batchRecords).toBeLessThanOrEqual(1000);
  });
});

describePostgres('postgres', () => {
  const lab = postgresUnderTest();
  const role = async (name: string, ...grants: string[]): Promise<void> => {
    await lab.query(`DROP ROLE IF EXISTS ${name}`).catch(() => undefined);
    await lab.query(`CREATE ROLE ${name} LOGIN PASSWORD 'secret-of-${name}'`);
    for (const grant of grants) await lab.query(`GRANT ${grant} TO ${name}`);
  };
  let roles = 0;
  const newRole = async (...grants: string[]): Promise<{ name: string; url: () => Promise<string> }> => {
    const name = `role_${(roles += 1)}`;
    await role(name, ...grants);
    return { name, url: async () => lab.as(name, `secret-of-${name}`) };
  };

  it('needs a role that may INSERT, and SELECT, INSERT, UPDATE beside it, once the tables are there', async () => {
    await (await lab.make()).deliver(first, never);
    const { name, url } = await newRole('INSERT ON chat_messages', 'SELECT, INSERT, UPDATE ON chat_sync_position');
    const destination = await lab.make({ name: 'postgres:other', url });
    await destination.check(never);
    await destination.deliver(delivery(place(1, 0), place(1, 1), [...lines(3), line('new')]), never);
    await destination.deliver(delivery(place(1, 1), place(1, 2), lines(5)), never);
    expect(await destination.position?.()).toEqual(place(1, 2));
    expect(await lab.query('SELECT count(*)::int FROM chat_messages')).toEqual([{ count: 6 }]);
    await lab.query(`REVOKE UPDATE ON chat_sync_position FROM ${name}`);
    const message = /INSERT on "chat_messages", and SELECT, INSERT, UPDATE on "chat_sync_position"/;
    expect(await failure(destination.check(never))).toMatchObject({
      code: '42501',
      message: expect.stringMatching(message),
    });
    const next = delivery(place(1, 2), place(1, 3), lines(6));
    expect(await failure(destination.deliver(next, never))).toMatchObject({ answer: 'wait', code: '42501' });
  });

  it('tells who may create the tables when they are missing', async () => {
    const { url } = await newRole();
    const error = await failure((await lab.make({ url })).deliver(first, never));
    expect(error).toMatchObject({
      answer: 'wait',
      code: '42501',
      message: expect.stringContaining('CREATE on their schema'),
    });
  });

  it('creates nothing with MIGRATE=off, and says what is to be run', async () => {
    const destination = await lab.make({ settings: { MIGRATE: 'off', TABLE: 'public.messages' } });
    for (const work of [() => destination.check(never), () => destination.deliver(first, never)]) {
      expect(await failure(work())).toMatchObject({ answer: 'wait', code: 'not-migrated' });
    }
    expect(await lab.query("SELECT FROM pg_class WHERE relname LIKE 'chat_sync%'")).toEqual([]);
    const { message } = await failure(destination.check(never));
    await lab.query(message.slice(message.indexOf('CREATE TABLE')));
    await destination.check(never);
    await destination.deliver(first, never);
    expect(await lab.query('SELECT count(*)::int FROM public.messages')).toEqual([{ count: 3 }]);
  });

  it('migrates once when many start at once, and shares its own tables among tables', async () => {
    const destinations = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        lab.make({ name: `postgres:${i}`, settings: { TABLE: i % 2 === 0 ? 'chat_messages' : 'others' } }),
      ),
    );
    await Promise.all(destinations.map((destination) => destination.deliver(first, never)));
    expect(await lab.query('SELECT table_name, number FROM chat_sync_migration ORDER BY 1')).toEqual([
      { table_name: 'chat_messages', number: 1 },
      { table_name: 'others', number: 1 },
    ]);
    expect(await lab.query('SELECT FROM chat_sync_position')).toHaveLength(8);
  });

  it('leaves nothing behind when it is checked', async () => {
    await (await lab.make()).check(never);
    expect(await lab.query("SELECT FROM pg_class WHERE relname LIKE 'chat_%'")).toEqual([]);
  });

  it.each([
    ['CREATE TABLE chat_messages (id text PRIMARY KEY)', '42P07', 'we did not create it'],
    ['ALTER TABLE chat_messages DROP COLUMN raw', '42703', 'no such column'],
    ['ALTER TABLE chat_messages DROP CONSTRAINT chat_messages_pkey', 'no-index', 'no unique index with id'],
    ['CREATE UNIQUE INDEX ON chat_messages (chat_id)', 'foreign-index', 'would be lost'],
    ['DROP TABLE chat_messages', '42P01', 'chat_sync_migration'],
    ["INSERT INTO chat_sync_migration VALUES ('chat_messages', 99)", 'too-new', 'newer version'],
    ['DROP TABLE chat_sync_position', '42P01', 'chat_sync_position'],
    [
      "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$",
      '25006',
      'read only',
    ],
  ])('waits, and says why, after %s', async (statement, code, says) => {
    if (!statement.startsWith('CREATE TABLE')) await (await lab.make()).position?.();
    await lab.query(statement);
    const destination = await lab.make();
    for (const work of [() => destination.deliver(first, never), () => destination.check(never)]) {
      expect(await failure(work())).toMatchObject({ answer: 'wait', code, message: expect.stringContaining(says) });
    }
  });

  it('creates its tables again when they have all gone while it ran', async () => {
    const destination = await lab.make();
    await destination.deliver(first, never);
    await lab.query('DROP TABLE chat_messages, chat_sync_position, chat_sync_migration');
    expect(await failure(destination.deliver(first, never))).toMatchObject({ code: '42P01' });
    await destination.deliver(first, never);
    expect(await lab.query('SELECT FROM chat_messages')).toHaveLength(3);
  });

  it('waits for what is not there: server, database, schema', async () => {
    const at = (change: (url: string) => string, settings = {}) =>
      lab.make({ settings, url: async () => change(lab.url) });
    const refused = await at((url) => url.replace(/:\d+\//, ':1/'));
    expect(await failure(refused.deliver(first, never))).toMatchObject({ answer: 'wait', code: 'ECONNREFUSED' });
    const database = await at((url) => url.replace(/\w+$/, 'nowhere'));
    expect(await failure(database.deliver(first, never))).toMatchObject({ answer: 'wait', code: '3D000' });
    const schema = await at((url) => url, { TABLE: 'nowhere.messages' });
    const missing = await failure(schema.deliver(first, never));
    expect(missing).toMatchObject({
      answer: 'wait',
      code: '3F000',
      message: expect.stringContaining('POSTGRES_TABLE'),
    });
    const tls = await at((url) => `${url}?sslmode=verify-full`);
    expect((await failure(tls.check(never))).message).toContain('has no TLS');
  });

  it('gives up a statement after STATEMENT_TIMEOUT, and goes on later', async () => {
    const destination = await lab.make({ settings: { STATEMENT_TIMEOUT: '1s' } });
    await destination.position?.();
    const other = await lab.connect();
    await other.query('BEGIN; LOCK TABLE chat_messages IN ACCESS EXCLUSIVE MODE');
    expect(await failure(destination.deliver(first, never))).toMatchObject({ answer: 'wait', code: '57014' });
    await other.end();
    await destination.deliver(first, never);
  });

  it('reads the URL anew for each delivery: a password that was wrong is renewed in its file, and again', async () => {
    const { name } = await newRole();
    await lab.query(`ALTER ROLE ${name} SUPERUSER`);
    const path = join(tmpdir(), 'url-of-postgres');
    await writeFile(path, lab.as(name, CANARY));
    const { destinations } = readDestinations({ DESTINATIONS: 'postgres', POSTGRES_URL_FILE: path });
    const destination = await lab.make({ url: destinations[0]!.secrets['URL']! });
    const wrong = await failure(destination.deliver(first, never));
    expect(wrong).toMatchObject({
      answer: 'wait',
      code: '28P01',
      message: expect.stringContaining('POSTGRES_URL_FILE'),
    });
    await writeFile(path, `${lab.as(name, `secret-of-${name}`)}\n`);
    await destination.deliver(first, never);
    await lab.query(`ALTER ROLE ${name} PASSWORD 'renewed'`);
    await writeFile(path, lab.as(name, 'renewed'));
    await destination.deliver(delivery(place(1, 1), place(1, 2), lines(5)), never);
    const sessions = 'SELECT FROM pg_stat_activity WHERE usename = $1';
    expect((await lab.query(sessions, [name])).length).toBeLessThanOrEqual(2);
  });

  it('does not quote a URL that is none', async () => {
    for (const url of [CANARY, `https://u:${CANARY}@h`, `postgresql://u:${CANARY}@h/d?sslmode=prefer`]) {
      const destination = await lab.make({ url: async () => url });
      expect(await failure(destination.check(never))).toMatchObject({ answer: 'wait', code: 'bad-url' });
    }
  });
});
