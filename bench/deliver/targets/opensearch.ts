import { request } from 'undici';
import { z } from 'zod';
import { startOpenSearch } from '../../../harness/servers/opensearch';
import { countIds, type Target } from './target';

const PAGE = 10_000;
const INDICES = 'chat-messages-*';

const pageSchema = z.object({
  _scroll_id: z.string(),
  hits: z.object({ hits: z.array(z.object({ _id: z.string() })) }),
});

/** @param home As installed. */
export async function startOpenSearchTarget(home: string): Promise<Target> {
  const server = await startOpenSearch(home);
  const { url } = server;
  return {
    url,
    settings: { OPENSEARCH_URL: url },
    there: () => countIds(idsAt(url)),
    stop: () => server.stop(),
  };
}

/** The ids of all documents of all indices. */
async function* idsAt(url: string): AsyncGenerator<string> {
  await request(`${url}/${INDICES}/_refresh`, { method: 'POST' });
  const fields = 'filter_path=_scroll_id,hits.hits';
  let page = await ask(`${url}/${INDICES}/_search?scroll=1m&${fields}`, { size: PAGE, _source: false });
  while (page.hits.hits.length > 0) {
    for (const { _id } of page.hits.hits) yield _id;
    page = await ask(`${url}/_search/scroll?${fields}`, { scroll: '1m', scroll_id: page._scroll_id });
  }
}

async function ask(url: string, body: object): Promise<z.infer<typeof pageSchema>> {
  const headers = { 'content-type': 'application/json' };
  const answer = await request(url, { method: 'POST', headers, body: JSON.stringify(body) });
  return pageSchema.parse(await answer.body.json());
}
