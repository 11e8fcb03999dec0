import { answer, spec } from '../../harness/dialogue';
import { batchesOf } from './plain/batches';
import type { PlainRan } from './plain-loop';
import { plainSpecSchema, type OpenPlain, type PlainSpec } from './plain/spec';

/** Each with its library, which the others do without. */
const writers: Record<PlainSpec['kind'], () => Promise<OpenPlain>> = {
  http: async () => (await import('./plain/http.js')).openHttp,
  postgres: async () => (await import('./plain/postgres.js')).openPostgres,
  s3: async () => (await import('./plain/s3.js')).openS3,
  'splunk-hec': async () => (await import('./plain/splunk-hec.js')).openSplunkHec,
  otlp: async () => (await import('./plain/otlp.js')).openOtlp,
  opensearch: async () => (await import('./plain/opensearch.js')).openOpenSearch,
};

/** Writes the lines of files to a server, batch by batch, and nothing else: what the server and its library can take. */
async function main(): Promise<void> {
  const wanted = plainSpecSchema.parse(spec());
  const open = await writers[wanted.kind]();
  const write = await open(wanted);
  answer({}, async (): Promise<PlainRan> => {
    const begun = performance.now();
    let records = 0;
    for await (const batch of batchesOf(wanted)) {
      await write(batch);
      records += batch.length;
    }
    return { records, seconds: (performance.now() - begun) / 1000 };
  });
}

void main();
