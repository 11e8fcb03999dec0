import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { scheduleId } from '../../src/contract';
import { SOURCE, type Stage } from '../stage';
import type { Watch } from '../watch';

export interface SecretsFound {
  /** Where the key or private text was found; must be empty. */
  places: string[];
  /** How much was looked through. */
  histories: number;
  bytes: number;
}

/**
 * Looks for the key and for private text wherever they do not belong. @throws Error if the search does not find what is
 * there: a chat's id in histories and database, where each belongs.
 */
export async function findSecrets(
  stage: Stage,
  { titles, samples }: Pick<Watch, 'titles' | 'samples'>,
  chatIds: string[],
): Promise<SecretsFound> {
  const { key, marker } = stage.secrets;
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
  for (const name of await readdir(stage.logFolder))
    search(`logs/${name}`, await readFile(join(stage.logFolder, name)));
  for (const folder of [stage.dataDir, stage.volume.path]) {
    for (const name of await readdir(folder, { recursive: true })) search('the name of a file', name);
  }
  let knowsChats = false;
  const knows = (content: Buffer | string): boolean => chatIds.some((id) => content.includes(id));
  for await (const [place, text] of recordedBy(stage)) {
    search(place, text);
    found.histories += 1;
    knowsChats ||= knows(text);
  }
  if (!knowsChats) throw new Error('the search finds no chat in any history');
  for (const end of ['', '-wal']) {
    const content = await readFile(stage.temporal.databaseFile + end).catch(() => Buffer.alloc(0));
    search(`temporal.db${end}`, content);
    if (end === '' && !knows(content)) throw new Error('the search finds no chat in temporal.db');
  }
  // Text belongs into the parts; the key does not, and neither belongs into the ledger.
  for (const path of await filesBelow(stage.sinkFolder)) {
    const name = relative(stage.sinkFolder, path);
    const isPart = name.startsWith('messages') || name.startsWith('.staging');
    search(name, await readFile(path), isPart ? [key] : [key, marker]);
  }
  return found;
}

/** Every history with its memo, and the schedule, payloads decoded. */
async function* recordedBy({ temporal: { client } }: Stage): AsyncGenerator<[place: string, text: string]> {
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
