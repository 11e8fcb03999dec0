import { delivery, failure, line, lines, never, place, untilDone } from './deliveries';
import { describeOpenSearch, hitsOf, makeOpenSearch, openSearchServer, type Hit } from './opensearch-under-test';
import { until } from '../support/until';

const [at, next] = [place(1, 0), place(1, 10)];

describeOpenSearch('opensearch', () => {
  const { running, open, ask } = openSearchServer();
  let index: string;
  let url: string;
  beforeEach(() => {
    ({ index, url } = open());
  });
  const make = () => makeOpenSearch({ URL: url, INDEX: index });
  const hits = (): Promise<Hit[]> => hitsOf(ask, index);
  const ids = async (): Promise<string[]> => (await hits()).map(({ _id }) => _id).sort();
  const source = async (id: string, month = '2026.04'): Promise<string> =>
    (await ask('GET', `/${index}-${month}/_source/${encodeURIComponent(id)}`)).text;

  it('keeps a record as it is, byte for byte, and beside it what people look for', async () => {
    const numbers = line('n', '"a":9007199254740993,"b":1e400,"c":1e200000,"d":-0.10,"__proto__":{"a":1},"_id":"x"');
    const odd = line('odd', '"t":"\\u0000 \\ud800 \\\\u0000","":0,"a.b":1');
    const deep = line('deep', `"d":${'['.repeat(200)}1${']'.repeat(200)}`);
    await (await make()).deliver(delivery(at, next, [numbers, odd, deep]), never);
    for (const [id, json] of Object.entries({ n: numbers, odd, deep }))
      expect(await source(id)).toContain(`"record":${json}}`);
    const query = { query: { bool: { must: [{ match: { text: 'canary' } }, { term: { chat_id: 'chat-1' } }] } } };
    await hits();
    expect((await ask('POST', `/${index}-*/_search`, query)).json).toMatchObject({ hits: { total: { value: 3 } } });
  });

  it('has a field for what people filter on, and for nothing else, whatever comes', async () => {
    const fields = Array.from({ length: 1500 }, (_, i) => `"f${i}":${i}`).join();
    await (await make()).deliver(delivery(at, next, [line('wide', fields)]), never);
    const { json } = await ask('GET', `/${index}-2026.04/_mapping`);
    const { mappings } = json[`${index}-2026.04`] as { mappings: { dynamic: string; properties: object } };
    expect(mappings.dynamic).toBe('false');
    expect(Object.keys(mappings.properties)).toHaveLength(15);
  });

  it('changes nothing when a delivery is repeated: an emptied message overwrites none', async () => {
    await (await make()).deliver(delivery(at, next, lines(50)), never);
    const before = await hits();
    const emptied = lines(51).map((text) => text.replace(/"content":.*\]/, '"content":[]'));
    await (await make()).deliver(delivery(at, next, emptied), never);
    const after = await hits();
    expect(after).toHaveLength(51);
    for (const hit of before) expect(after).toContainEqual(hit);
    expect((await ask('GET', `/${index}-*/_stats/docs`)).json).toMatchObject({
      _all: { primaries: { docs: { deleted: 0 } } },
    });
  });

  it('names the index by the month of the message', async () => {
    const of = (id: string, time: string): string => line(id).replace('2026-04-08T14:30:45.123456Z', time);
    const texts = [
      of('a', '2025-12-31T23:59:59Z'),
      of('b', '2026-01-01T00:00:00+02:00'),
      of('c', 'yesterday'),
      of('d', '9999-01-01T00:00:00Z'),
    ];
    await (await make()).deliver(delivery(at, next, texts), never);
    const indices = Object.fromEntries((await hits()).map(({ _id, _index }) => [_id, _index.replace(`${index}-`, '')]));
    expect(indices).toEqual({ a: '2025.12', b: '2025.12', c: 'undated', d: 'undated' });
  });

  it('takes ids of any length, and finds them again', async () => {
    const [long, longest] = ['é'.repeat(256), `${'é'.repeat(256)}x`];
    const destination = await make();
    await destination.deliver(delivery(at, next, [line(long), line(longest), line('a\\u0000b')]), never);
    expect(await destination.present?.([long, longest, 'a\0b', 'none'], never)).toEqual(
      new Set([long, longest, 'a\0b']),
    );
    expect((await ids()).filter((id) => id.startsWith('sha256-'))).toHaveLength(2);
    const many = Array.from({ length: 2500 }, (_, i) => `none-${i}`);
    expect(await destination.present?.([...many, long], never)).toEqual(new Set([long]));
  });

  it('says of nothing that it is there before anything is', async () => {
    expect(await (await make()).present?.(['a'], never)).toEqual(new Set());
  });

  it('takes a record of 10 MB', async () => {
    const large = line('large', `"t":"${'wide \u00e9 \u{1f600} \\" '.repeat(700_000)}"`);
    await (await make()).deliver(delivery(at, next, [large, line('small')]), never);
    expect(await source('large')).toContain(large);
    expect(await ids()).toEqual(['large', 'small']);
  });

  describe('where somebody has put a template of his own', () => {
    const put = (properties: object, more: object = {}): Promise<unknown> =>
      ask('PUT', `/_index_template/${index}`, {
        ...{ index_patterns: [`${index}-*`], template: { mappings: { dynamic: false, properties } }, ...more },
      });

    it('keeps that, and what it does not take as text, or names it', async () => {
      const record = { properties: { content: { properties: { text: { type: 'long' } } } } };
      await put({ record, raw: { type: 'keyword', index: false, doc_values: false } });
      const fine = line('fine').replace(/"text":"[^"]*"/, '"text":"5"');
      const destination = await make();
      expect(await destination.deliver(delivery(at, next, [line('odd'), fine]), never)).toEqual({ refused: [] });
      expect(JSON.parse(await source('odd'))).toMatchObject({ raw: line('odd'), chat_id: 'chat-1' });
      expect(JSON.parse(await source('fine'))).toMatchObject({ record: { id: 'fine' } });
      const { json } = await ask('GET', `/_index_template/${index}`);
      expect(JSON.stringify(json)).toContain('"long"');
    });

    it('names what it takes in no form, and if that is all, says so', async () => {
      await put({
        record: { properties: { content: { properties: { text: { type: 'long' } } } } },
        raw: { type: 'long' },
      });
      const fine = line('fine').replace(/"text":"[^"]*"/, '"text":"5"');
      const destination = await make();
      const { refused } = await destination.deliver(delivery(at, next, [line('odd'), fine, line('odder')]), never);
      expect(refused.map(({ id }) => id)).toEqual(['odd', 'odder']);
      expect(refused[0]?.code).toMatch(/^[a-z_]+_exception$/);
      expect(await ids()).toEqual(['fine']);
      expect(await failure(destination.deliver(delivery(at, next, [line('odd')]), never))).toMatchObject({
        answer: 'refused',
      });
    });

    it('replaces an older one of ours', async () => {
      await put({}, { version: 0, _meta: { owner: 'compliance-chat-sync' } });
      await (await make()).deliver(delivery(at, next, lines(1)), never);
      expect(JSON.stringify((await ask('GET', `/_index_template/${index}`)).json)).toContain('"chat_id"');
    });
  });

  it('waits while its indices are blocked', async () => {
    const destination = await make();
    await destination.deliver(delivery(at, next, lines(1)), never);
    const block = (isOn: boolean | null): Promise<unknown> =>
      ask('PUT', `/${index}-*/_settings`, { 'index.blocks.read_only_allow_delete': isOn });
    await block(true);
    const error = await failure(destination.deliver(delivery(at, next, lines(2)), never));
    expect(error).toMatchObject({
      answer: 'wait',
      code: 'cluster_block_exception',
      message: expect.stringContaining('disks'),
    });
    await block(null);
    await destination.deliver(delivery(at, next, lines(2)), never);
    expect(await ids()).toHaveLength(2);
  });

  it('waits where no index is created by itself', async () => {
    const set = (value: string | null): Promise<unknown> =>
      ask('PUT', '/_cluster/settings', { persistent: { 'action.auto_create_index': value } });
    await set('false');
    const error = await failure((await make()).deliver(delivery(at, next, lines(2)), never));
    await set(null);
    expect(error).toMatchObject({
      answer: 'wait',
      code: 'index_not_found_exception',
      message: expect.stringContaining('auto_create_index'),
    });
  });

  it.each([
    [
      'is closed',
      'index_closed_exception',
      () => ask('POST', `/${index}-2026.04/_close`),
      () => ask('POST', `/${index}-2026.04/_open`),
    ],
    ['would be one too many', 'validation_exception', () => shards(1), () => shards(null)],
  ])('waits while an index %s: that is no fault of the record', async (_, code, start, end) => {
    const destination = await make();
    if (code.startsWith('index')) await destination.deliver(delivery(at, next, lines(1)), never);
    await start();
    const error = await failure(destination.deliver(delivery(at, next, lines(2)), never));
    await end();
    expect(error).toMatchObject({ answer: 'wait', code });
    await destination.deliver(delivery(at, next, lines(2)), never);
    expect(await ids()).toHaveLength(2);
  });
  const shards = (most: number | null): Promise<unknown> =>
    ask('PUT', '/_cluster/settings', { persistent: { 'cluster.max_shards_per_node': most } });

  it('leaves nothing when it is checked', async () => {
    await (await make()).check(never);
    expect((await ask('GET', `/_cat/indices/${index}-*?format=json`)).text).toBe('[]');
  });

  it('has each record once after it was killed in the middle of deliveries', async () => {
    const destination = await make();
    let delivered = 0;
    const all = async (): Promise<void> => {
      for (let i = 0; i < 30; i++) {
        const texts = lines(20, `b${String(i).padStart(2, '0')}`);
        await untilDone(() => destination.deliver(delivery(place(1, i), place(1, i + 1), texts), never));
        delivered += 1;
      }
    };
    const deliveries = all();
    await until(() => delivered >= 10);
    await running().kill();
    await running().restart();
    await deliveries;
    expect(new Set(await ids()).size).toBe(600);
    expect(await hits()).toHaveLength(600);
  });
});
