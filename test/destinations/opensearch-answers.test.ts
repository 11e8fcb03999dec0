import { z } from 'zod';
import { createOpenSearch } from '../../src/destinations/opensearch/opensearch';
import { openSearchSettings } from '../../src/destinations/opensearch/definition';
import { readDestinations } from '../../src/config/destinations';
import { startReceiver, type Received, type Receiver, type Reply } from '../support/receiver';
import { CANARY, delivery, failure, lines, never, place, settingOf } from './deliveries';

const batch = delivery(place(1, 0), place(1, 10), lines(6));

/** Ids of a bulk request. */
const idsOf = ({ body }: Received): string[] =>
  body
    .split('\n')
    .filter((text) => text.startsWith('{"create"'))
    .map((text) => (JSON.parse(text) as { create: { _id: string } }).create._id);

const itemsOf = (statuses: number[], type = ''): Reply => ({
  status: 200,
  body: JSON.stringify({
    errors: true,
    items: statuses.map((status) => ({ create: { status, ...(type !== '' && status >= 400 && { error: { type } }) } })),
  }),
});

describe('what OpenSearch answers', () => {
  let server: Receiver;
  let pauses: number[];
  const made: { close(): Promise<void> }[] = [];
  beforeEach(async () => {
    server = await startReceiver();
    pauses = [];
  });
  afterEach(async () => {
    for (const one of made.splice(0)) await one.close();
    await server.kill();
  });

  /** The template is there; `how` answers bulk requests. */
  function opened(how: (request: Received, n: number) => Reply, more: Record<string, string> = {}) {
    server.answer((request, n) => (request.url.includes('/_bulk') ? how(request, n) : { status: 200, body: '{}' }));
    return created(more);
  }
  function created(more: Record<string, string> = {}) {
    const { destinations, problems } = readDestinations({
      ...{ DESTINATIONS: 'opensearch', OPENSEARCH_URL: server.url, ...more },
    });
    expect(problems).toEqual([]);
    const settings = z.object(openSearchSettings).parse(destinations[0]!.settings);
    const destination = createOpenSearch(
      settings,
      settingOf('opensearch', 'OPENSEARCH_', destinations[0]!.secrets),
      async (ms) => {
        pauses.push(ms);
      },
    );
    made.push(destination);
    return destination;
  }

  it('is asked for nothing that quotes messages, in compressed requests', async () => {
    await opened((request) => itemsOf(idsOf(request).map(() => 201))).deliver(batch, never);
    const [request] = server.taken;
    expect(request?.url).toMatch(/\/_bulk\?filter_path=errors,items\.\*\.status,items\.\*\.error\.type$/);
    expect(request!.headers).toMatchObject({ 'content-encoding': 'gzip', 'content-type': 'application/x-ndjson' });
    expect(request!.raw.length).toBeLessThan(request!.body.length / 2);
  });

  it('is sent again only what was not taken, after pauses that grow', async () => {
    const asked: string[][] = [];
    const destination = opened((request) => {
      const ids = idsOf(request);
      asked.push(ids);
      // 409: it is there already.
      return itemsOf(ids.map((_, i) => (i === 0 ? 201 : i === 1 ? 409 : i % 2 === 0 ? 429 : 503)));
    });
    expect(await destination.deliver(batch, never)).toEqual({ refused: [] });
    expect(asked.map((ids) => ids.length)).toEqual([6, 4, 2]);
    expect(asked[1]).toEqual(asked[0]!.slice(2));
    expect(pauses).toEqual([250, 500]);
  });

  it('is waited for after a minute of being busy', async () => {
    const destination = opened((request) => itemsOf(idsOf(request).map((_, i) => (i === 0 ? 429 : 201))));
    expect(await failure(destination.deliver(batch, never))).toMatchObject({ answer: 'wait', code: 'busy' });
    const sum = pauses.reduce((all, ms) => all + ms, 0);
    expect(sum).toBeGreaterThanOrEqual(60_000);
    expect(sum).toBeLessThan(130_000);
  });

  it('ends the pauses when it is aborted', async () => {
    const controller = new AbortController();
    const destination = opened((request) => {
      controller.abort(new Error('enough'));
      return itemsOf(idsOf(request).map(() => 429));
    });
    await expect(destination.deliver(batch, controller.signal)).rejects.toThrow('enough');
  });

  it.each<[string, Reply, object]>([
    ['413', { status: 413 }, { answer: 'too-large' }],
    ['429 with a time', { status: 429, headers: { 'retry-after': '7' } }, { answer: 'wait', retryAfterMs: 7000 }],
    ['503', { status: 503, body: CANARY }, { answer: 'wait', code: 'unavailable' }],
    ['401', { status: 401, body: CANARY }, { answer: 'wait', code: 'unauthorized' }],
    ['no JSON', { status: 200, body: CANARY }, { answer: 'wait', code: 'bad-answer' }],
    ['too few items', itemsOf([201]), { answer: 'wait', code: 'bad-answer' }],
    [
      'items without rights',
      itemsOf([201, 403, 403, 403, 403, 403], 'security_exception'),
      { answer: 'wait', code: 'security_exception' },
    ],
    ['no answer', 'cut', { answer: 'wait' }],
  ])('means: %s', async (_, reply, expected) => {
    const destination = opened(() => reply);
    expect(await failure(destination.deliver(batch, never))).toMatchObject(expected);
  });

  describe('of its template', () => {
    const template = (owner: string, version: number): string =>
      JSON.stringify({ index_templates: [{ name: 'x', index_template: { version, _meta: { owner } } }] });
    const methods: string[] = [];
    const answering = (get: Reply, put: Reply): void => {
      methods.length = 0;
      server.answer((request) => {
        if (request.url.includes('/_bulk')) return itemsOf(idsOf(request).map(() => 201));
        methods.push(request.method);
        return request.method === 'GET' ? get : put;
      });
    };

    it.each<[string, Reply, Reply, string | null, string[]]>([
      ['absent', { status: 404 }, { status: 200 }, null, ['GET', 'PUT']],
      ['somebody else’s', { status: 200, body: template('me', 0) }, { status: 200 }, null, ['GET']],
      [
        'ours, older, and no right to put it',
        { status: 200, body: template('compliance-chat-sync', 0) },
        { status: 403 },
        null,
        ['GET', 'PUT'],
      ],
      ['absent, and no right to put it', { status: 404 }, { status: 403 }, 'no-template', ['GET', 'PUT']],
      ['not to be seen', { status: 403 }, { status: 200 }, 'no-template', ['GET']],
      ['in the way of another', { status: 404 }, { status: 400, body: CANARY }, 'no-template', ['GET', 'PUT']],
      ['not to be had now', { status: 503 }, { status: 200 }, 'unavailable', ['GET']],
    ])('%s', async (_, get, put, code, asked) => {
      answering(get, put);
      const work = created().deliver(batch, never);
      if (code === null) expect(await work).toEqual({ refused: [] });
      else expect(await failure(work)).toMatchObject({ answer: 'wait', code });
      expect(methods).toEqual(asked);
    });

    it('is asked once', async () => {
      answering({ status: 404 }, { status: 200 });
      const destination = created();
      await destination.deliver(batch, never);
      await destination.deliver(batch, never);
      expect(methods).toEqual(['GET', 'PUT']);
    });
  });

  it('comes to whoever has credentials', async () => {
    const sent = async (more: Record<string, string>): Promise<string | undefined> => {
      await opened((request) => itemsOf(idsOf(request).map(() => 201)), more).deliver(batch, never);
      return server.taken.at(-1)!.headers.authorization;
    };
    expect(await sent({})).toBeUndefined();
    expect(await sent({ OPENSEARCH_API_KEY: 'abc' })).toBe('ApiKey abc');
    const basic = await sent({ OPENSEARCH_USERNAME: 'me', OPENSEARCH_PASSWORD: 'p:w' });
    expect(Buffer.from(basic!.replace('Basic ', ''), 'base64').toString()).toBe('me:p:w');
  });

  it('needs settings that fit', () => {
    const problems = (more: Record<string, string>): string[] =>
      readDestinations({ DESTINATIONS: 'opensearch', OPENSEARCH_URL: 'https://h:9200', ...more }).problems;
    expect(problems({})).toEqual([]);
    for (const index of ['Chat', '-x', 'a*', 'a,b', ''])
      expect(problems({ OPENSEARCH_INDEX: index })[0]).toContain('OPENSEARCH_INDEX');
    expect(problems({ OPENSEARCH_USERNAME: 'me' })[0]).toContain('both or none');
    expect(problems({ OPENSEARCH_PASSWORD: CANARY })[0]).toContain('both or none');
    const both = problems({ OPENSEARCH_USERNAME: 'me', OPENSEARCH_PASSWORD: CANARY, OPENSEARCH_API_KEY: CANARY });
    expect(both).toHaveLength(1);
    expect(both.join()).not.toContain(CANARY);
  });
});
