import { setTimeout as sleep } from 'node:timers/promises';
import type { Setting } from '../definition';
import { DestinationError, type Delivered, type Delivery, type RecordDestination, type Refusal } from '../destination';
import type { EncodedRecord } from '../encoded-record';
import { bulk, type Item } from './bulk';
import { checkServer } from './check';
import type { OpenSearchSettings } from './definition';
import { bulkLines, type Form } from './document';
import { presentIds } from './present';
import { createServer } from './server';
import { requireTemplate } from './template';

const FIRST_PAUSE_MS = 250;
/** Then the runner waits, and says so. */
const LONGEST_PAUSES_MS = 60_000;

/** A document that is not there yet. */
interface Pending {
  record: EncodedRecord;
  form: Form;
}

/** Creates a document of each record, whose id is the message's: what is there already is left as it is. */
export function createOpenSearch(
  settings: OpenSearchSettings,
  setting: Setting,
  pause = (ms: number, signal: AbortSignal): Promise<void> => sleep(ms, undefined, { signal }),
): RecordDestination {
  const { INDEX } = settings;
  const server = createServer(settings, setting);
  let hasTemplate = false;

  async function deliver({ records }: Delivery, signal: AbortSignal): Promise<Delivered> {
    if (!hasTemplate) await requireTemplate(server, INDEX, signal);
    hasTemplate = true;
    const refused: Refusal[] = [];
    let pending = records.map((record): Pending => ({ record, form: 'record' }));
    let paused = 0;
    for (let ms = FIRST_PAUSE_MS; ; ms *= 2) {
      const { busy, changed } = await send(pending, refused, signal);
      pending = [...busy, ...changed];
      if (pending.length === 0) break;
      if (busy.length === 0) continue;
      if (paused >= LONGEST_PAUSES_MS) {
        throw new DestinationError('busy', `${server.where} did not take a part of the messages for a minute`);
      }
      await pause(ms, signal);
      paused += ms;
    }
    const [first] = refused;
    if (first && refused.length === records.length) {
      throw new DestinationError(first.code, `${server.where} does not take this (${first.code})`, 'refused');
    }
    return { refused };
  }

  /** @returns those that are to be sent again as they are, and those that are to be sent in another form. */
  async function send(pending: readonly Pending[], refused: Refusal[], signal: AbortSignal) {
    const documents = pending.map(({ record, form }) => bulkLines(INDEX, setting.source, record, form));
    const items = await bulk(server, documents, signal);
    const busy: Pending[] = [];
    const changed: Pending[] = [];
    for (const [i, { record, form }] of pending.entries()) {
      const item = items[i] ?? { status: 0, type: '' };
      const answer = answerOf(item);
      if (answer === 'busy') busy.push({ record, form });
      else if (answer === 'refused' && form === 'record') changed.push({ record, form: 'raw' });
      else if (answer === 'refused') refused.push({ id: record.id, code: item.type || `status-${item.status}` });
      else if (answer !== 'there')
        throw new DestinationError(item.type || 'refused-request', `${server.where} ${answer}`);
    }
    return { busy, changed };
  }

  return {
    deliver,
    present: (ids, signal) => presentIds(server, INDEX, ids, signal),
    check: (signal) => checkServer(server, INDEX, signal),
    close: server.close,
  };
}

/** Errors of status 400 that are not the document's: a closed index, no room for one more shard, a name. */
const FOR_INDEX = new Set(['index_closed_exception', 'validation_exception', 'invalid_index_name_exception']);

/** What a document's status means; a sentence if somebody has to act. */
function answerOf({ status, type }: Item): string {
  if (status === 201 || status === 200 || status === 409) return 'there';
  if (type === 'cluster_block_exception' && status < 500) {
    return 'has blocked its indices: its disks are full, or an operator made them read only';
  }
  if (status === 429 || status >= 500) return 'busy';
  if (FOR_INDEX.has(type)) return `does not take documents into this index: it is closed, or one too many (${type})`;
  if (status === 400 || status === 413) return 'refused';
  if (status === 401 || status === 403) return `gives this user no right to create documents (status ${status})`;
  if (status === 404) {
    return 'has no such index, and creates none: allow it in action.auto_create_index, or create it (status 404)';
  }
  return `does not take documents (status ${status})`;
}
