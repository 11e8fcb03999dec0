import type { Setting } from '../definition';
import { createHttpClient, type Answer, type Request } from '../http-client';
import type { OpenSearchSettings } from './definition';

export type Server = ReturnType<typeof createServer>;

/** Asks OpenSearch or Elasticsearch. Credentials are read for each request, so that they can be renewed. */
export function createServer(settings: OpenSearchSettings, setting: Setting) {
  const { prefix, secrets } = setting;
  const client = createHttpClient({ variable: 'URL', url: settings.URL, files: settings, setting });

  async function authorization(): Promise<Record<string, string>> {
    const apiKey = await secrets['API_KEY']?.();
    if (apiKey !== undefined) return { authorization: `ApiKey ${apiKey}` };
    const password = await secrets['PASSWORD']?.();
    if (password === undefined) return {};
    const pair = Buffer.from(`${settings.USERNAME ?? ''}:${password}`).toString('base64');
    return { authorization: `Basic ${pair}` };
  }

  /** @throws DestinationError if there is no answer; the signal's reason */
  const request = async (what: Request): Promise<Answer> =>
    client.request({ ...what, headers: { ...what.headers, ...(await authorization()) } });

  const requestJson = (what: Request, body: object): Promise<Answer> =>
    request({ ...what, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(body)) });

  return {
    request,
    requestJson,
    where: client.where,
    credentials: secrets['API_KEY'] ? `${prefix}API_KEY` : `${prefix}USERNAME and ${prefix}PASSWORD`,
    close: client.close,
  };
}
