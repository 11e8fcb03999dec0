import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { scheduleId } from '../../src/contract';
import { SOURCE, type Environment } from '../environment';
import type { Watch } from '../watch';

export interface SecretsFound {
  /** Where the key or private text was found, in words; must be empty. */
  places: string[];
  /** The number of histories searched, and bytes in total. */
  histories: number;
  bytes: number;
}

/**
 * Searches logs, histories, metrics, names and the database for the key and for private text. @throws Error if it does
 * not find chat ids in the histories and the database, where they belong: then the search itself is broken.
 */
export async function findSecrets(
  environment: Environment,
  { titles, samples }: Pick<Watch, 'titles' | 'samples'>,
  chatIds: string[],
): Promise<SecretsFound> {
  const { key, marker } = environment.secrets;
  const found: SecretsFound = { places: [], histories: 0, bytes: 0 };
  const search = (place: string, content: Buffer | string, secrets: readonly string[] = [key, marker]): void => {
    found.bytes += content.length;
    for (const secret of secrets) {
      if (content.includes(secret)) found.places.push(`${secret === key ? 'the key' : 'private text'} in ${place}`);
    }
  };

  for (const title of titles) search(`a process title`, title);
  for (const sample of samples) search('a metric', sample);
  if (![...samples].some((sample) => sample.startsWith('chat_sync_'))) throw new Error('no worker showed its metrics');
  for (const name of await readdir(environment.logFolder))
    search(`logs/${name}`, await readFile(join(environment.logFolder, name)));
  for (const folder of [environment.dataDir, environment.volume.path]) {
    for (const name of await readdir(folder, { recursive: true })) search('the name of a file', name);
  }
  let knowsChats = false;
  const knows = (content: Buffer | string): boolean => chatIds.some((id) => content.includes(id));
  for await (const [place, text] of recordedBy(environment)) {
    search(place, text);
    found.histories += 1;
    knowsChats ||= knows(text);
  }
  if (!knowsChats) throw new Error('the search finds no chat in any history');
  knowsChats = false;
  for await (const [place, content] of environment.temporal.stored()) {
    search(place, content);
    knowsChats ||= knows(content);
  }
  if (!knowsChats) throw new Error("the search finds no chat in Temporal's database");
  // Parts hold text but no key; the ledger holds neither.
  for (const path of await filesBelow(environment.archiveFolder)) {
    const name = relative(environment.archiveFolder, path);
    const isPart = name.startsWith('messages') || name.startsWith('.staging');
    search(name, await readFile(path), isPart ? [key] : [key, marker]);
  }
  return found;
}

/** Yields every history with its memo, payloads decoded, and the Schedule. */
async function* recordedBy({ temporal: { client } }: Environment): AsyncGenerator<[place: string, text: string]> {
  for await (const { workflowId, runId, memo } of client.workflow.list()) {
    const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    yield [`the history of ${workflowId}`, `${decoded(historyToJSON(history))}${JSON.stringify(memo ?? {})}`];
  }
  const schedule = await client.schedule.getHandle(scheduleId(SOURCE)).describe();
  yield ['the schedule', JSON.stringify(schedule, (_key, value: unknown) => (typeof value === 'bigint' ? 0 : value))];
}

/** Payloads are base64 in a history's JSON. */
const decoded = (json: string): string => json.replaceAll(/"data": ?"([^"]*)"/g, (_, data: string) => atob(data));

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
