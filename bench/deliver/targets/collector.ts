import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Settings } from '../../../harness/process-env';
import { collectedOf, startCollector } from '../../../harness/servers/collector';
import { TOKEN } from '../plain/spec';
import { countIds, type Target } from './target';

/** A collector's event collector, which acknowledges. @param folder Empty. */
export async function startSplunkHec(program: string, folder: string, more: Settings = {}): Promise<Target> {
  const server = await startCollector(program, folder);
  return {
    url: server.hecUrl,
    settings: { SPLUNK_HEC_URL: server.hecUrl, SPLUNK_HEC_TOKEN: TOKEN, ...more },
    there: () => countIds(idsIn(folder, 'hec', 'id')),
    stop: () => server.stop(),
  };
}

/** @param folder Empty. */
export async function startOtlp(program: string, folder: string): Promise<Target> {
  const server = await startCollector(program, folder);
  return {
    url: server.otlpUrl,
    settings: { OTLP_ENDPOINT: server.otlpUrl },
    there: () => countIds(idsIn(folder, 'otlp', 'log.record.uid')),
    stop: () => server.stop(),
  };
}

/** The ids in a collector's files, of which there are several when it has rotated them. */
async function* idsIn(folder: string, name: string, attribute: string): AsyncGenerator<string> {
  const files = await readdir(folder);
  for (const file of files.filter((one) => one.startsWith(name) && one.endsWith('.json'))) {
    for await (const line of createInterface({ input: createReadStream(join(folder, file)) })) {
      for (const { attributes } of collectedOf(line)) yield String(attributes[attribute]);
    }
  }
}
