import { until } from '../support/until';
import { delivery, failure, line, lines, never, place, untilDone } from './deliveries';
import { describePostgres, postgresUnderTest } from './postgres-under-test';

describePostgres('postgres', () => {
  const lab = postgresUnderTest();
  const ids = async (): Promise<string[]> =>
    (await lab.query<{ id: string }>('SELECT id FROM chat_messages ORDER BY id')).map(({ id }) => id);
  const versions = (): Promise<unknown> =>
    lab.query('SELECT id, xmin, ctid, record, raw FROM chat_messages ORDER BY id');

  it('keeps a record whole, and apart what people filter on', async () => {
    const destination = await lab.make();
    const more =
      '"chat_name":"Plans","chat_user":{"id":"user_1","email_address":"a@example.com"},"organization_id":"org_1","organization_uuid":"1-2","project_id":"p"';
    await destination.deliver(delivery(place(1, 0), place(1, 100), [line('m-1', more)]), never);
    const [row] = await lab.query('SELECT *, created_at::text AS at, record::text AS text FROM chat_messages');
    expect(row).toMatchObject({
      ...{ id: 'm-1', chat_id: 'chat-1', chat_name: 'Plans', role: 'user', source: 'acme', raw: null },
      ...{
        user_id: 'user_1',
        user_email: 'a@example.com',
        organization_id: 'org_1',
        organization_uuid: '1-2',
        project_id: 'p',
      },
      record: JSON.parse(line('m-1', more)),
    });
    expect(new Date(row!['created_at'] as string).toISOString()).toBe('2026-04-08T14:30:45.123Z');
    expect(row!['at']).toContain('45.123456');
  });

  it('does nothing when a delivery is repeated, and touches no row when it comes again in another epoch', async () => {
    const destination = await lab.make();
    await destination.deliver(delivery(place(1, 0), place(1, 500), lines(50)), never);
    const before = await versions();
    await destination.deliver(delivery(place(1, 0), place(1, 500), lines(50)), never);
    const emptied = lines(50).map((text) => text.replace(/"content":.*\]/, '"content":[]'));
    const epoch = { epoch: 1 };
    await (await lab.make()).deliver(delivery(place(1, 0, epoch), place(1, 500, epoch), emptied), never);
    expect(await versions()).toEqual(before);
    expect(await destination.position?.()).toEqual(place(1, 500, epoch));
  });

  it('is fenced by the position that is beside the rows', async () => {
    const destination = await lab.make();
    expect(await destination.position?.()).toBeNull();
    const deliver = (id: string, from: ReturnType<typeof place>, to: ReturnType<typeof place>) =>
      destination.deliver(delivery(from, to, [line(id)]), never);
    await deliver('a-first', place(3, 0), place(3, 100));
    await deliver('x-earlier-byte', place(3, 0), place(3, 99));
    await deliver('x-same-place', place(3, 50), place(3, 100));
    await deliver('x-earlier-entry', place(2, 900), place(3, 0));
    expect(await ids()).toEqual(['a-first']);
    await deliver('b-with-a-gap', place(4, 700), place(4, 800));
    await deliver('c-rewound', place(1, 0, { epoch: 1 }), place(1, 10, { epoch: 1 }));
    await deliver('x-before-the-rewind', place(5, 0), place(6, 0));
    await deliver('d-other-archive', place(1, 0, { archive: 'B', epoch: 1 }), place(1, 5, { archive: 'B', epoch: 1 }));
    expect(await ids()).toEqual(['a-first', 'b-with-a-gap', 'c-rewound', 'd-other-archive']);
    expect(await destination.position?.()).toEqual(place(1, 5, { archive: 'B', epoch: 1 }));
  });

  it('does nothing for a worker that was thought dead, and comes back while another moves on', async () => {
    const destination = await lab.make();
    await destination.deliver(delivery(place(1, 0), place(1, 1), lines(1)), never);
    const other = await lab.connect();
    await other.query('BEGIN; SELECT FROM chat_sync_position FOR UPDATE');
    const late = destination.deliver(delivery(place(1, 1), place(1, 2), [line('late')]), never);
    await until(async () => (await lab.query('SELECT 1 FROM pg_locks WHERE NOT granted')).length > 0);
    await other.query('UPDATE chat_sync_position SET position = $1', [JSON.stringify(place(1, 9))]);
    await other.query('COMMIT');
    await other.end();
    await late;
    expect(await ids()).toEqual(['m-00000']);
    expect(await destination.position?.()).toEqual(place(1, 9));
  });

  it('takes what was set aside, from where it is to where it is, and does not move', async () => {
    const destination = await lab.make();
    await destination.deliver(delivery(place(3, 0), place(3, 100), lines(2)), never);
    await destination.deliver(delivery(place(3, 100), place(3, 100), [line('set-aside')]), never);
    expect(await ids()).toEqual(['m-00000', 'm-00001', 'set-aside']);
    expect(await destination.position?.()).toEqual(place(3, 100));
  });

  it('has a position for each source and destination', async () => {
    const [one, other] = [await lab.make(), await lab.make({ name: 'postgres:second' })];
    await one.deliver(delivery(place(7, 0), place(7, 1), lines(1)), never);
    expect(await other.position?.()).toBeNull();
  });

  it('tells which ids are there', async () => {
    const destination = await lab.make();
    await destination.deliver(delivery(place(1, 0), place(1, 9), [...lines(3), line('a\\u0000b')]), never);
    expect(await destination.present?.(['m-00001', 'm-00009', 'a\0b'], never)).toEqual(new Set(['m-00001', 'a\0b']));
  });

  it('keeps all of a delivery or nothing: killed in the middle of its transaction', async () => {
    const destination = await lab.make();
    await destination.deliver(delivery(place(1, 0), place(1, 1), lines(1)), never);
    const other = await lab.connect();
    // The position is locked, the rows are on their way.
    await other.query('BEGIN; LOCK TABLE chat_messages IN SHARE MODE');
    const cut = failure(destination.deliver(delivery(place(1, 1), place(1, 2), lines(200, 'n')), never));
    await until(async () => (await lab.query('SELECT 1 FROM pg_locks WHERE NOT granted')).length > 0);
    await lab.server.kill();
    expect((await cut).answer).toBe('wait');
    await lab.server.restart();
    expect(await ids()).toEqual(['m-00000']);
    expect(await untilDone(async () => destination.position?.())).toEqual(place(1, 1));
    await destination.deliver(delivery(place(1, 1), place(1, 2), lines(200, 'n')), never);
    expect(await ids()).toHaveLength(201);
  });

  it('has each record once after the server was killed in the middle of deliveries, twice', async () => {
    const destination = await lab.make();
    let delivered = 0;
    const all = async (): Promise<void> => {
      for (let i = 0; i < 60; i++) {
        const next = delivery(place(1, i), place(1, i + 1), lines(20, `b${String(i).padStart(2, '0')}`));
        await untilDone(() => destination.deliver(next, never));
        delivered += 1;
      }
    };
    const deliveries = all();
    for (const count of [10, 30]) {
      await until(() => delivered >= count);
      await lab.server.kill();
      await lab.server.restart();
    }
    await deliveries;
    expect(await lab.query('SELECT count(*)::int, count(DISTINCT id)::int AS ids FROM chat_messages')).toEqual([
      { count: 1200, ids: 1200 },
    ]);
    expect(await destination.position?.()).toEqual(place(1, 60));
  });

  it('lives through a restart while its connections are idle', async () => {
    const destination = await lab.make();
    await destination.deliver(delivery(place(1, 0), place(1, 1), lines(1)), never);
    await lab.server.kill();
    await lab.server.restart();
    await untilDone(() => destination.deliver(delivery(place(1, 1), place(1, 2), lines(2)), never));
    expect(await ids()).toEqual(['m-00000', 'm-00001']);
  });

  it('cuts the connection when it is aborted', async () => {
    const destination = await lab.make();
    await destination.deliver(delivery(place(1, 0), place(1, 1), lines(1)), never);
    const other = await lab.connect();
    await other.query('BEGIN; LOCK TABLE chat_messages IN ACCESS EXCLUSIVE MODE');
    const controller = new AbortController();
    const cut = destination.deliver(delivery(place(1, 1), place(1, 2), lines(2)), controller.signal);
    await until(async () => (await lab.query('SELECT 1 FROM pg_locks WHERE NOT granted')).length > 0);
    controller.abort(new Error('enough'));
    await expect(cut).rejects.toThrow('enough');
    await other.end();
    await until(
      async () =>
        (
          await lab.query(
            "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%INSERT INTO%' AND state <> 'idle' AND pid <> pg_backend_pid()",
          )
        ).length === 0,
    );
    expect(await ids()).toEqual(['m-00000']);
  });

  it('knows no deadlock: two write the same messages in opposite order', async () => {
    const [one, other] = [await lab.make(), await lab.make({ name: 'postgres:second' })];
    await Promise.all([one.position?.(), other.position?.()]);
    for (let round = 0; round < 30; round++) {
      const texts = lines(300, `r${round}`);
      const [at, next] = [place(1, round), place(1, round + 1)];
      await Promise.all([
        one.deliver(delivery(at, next, texts), never),
        other.deliver(delivery(at, next, [...texts].reverse()), never),
      ]);
    }
    expect(await ids()).toHaveLength(9000);
  });
});
