import type { Delivery } from '../destination';
import type { EncodedRecord } from '../encoded-record';
import type { SplunkHecSettings } from './definition';

const EVENT = Buffer.from(',"event":');
const END = Buffer.from('}\n');

/** How a record is in its event: as the object that it is, or as its text. */
export type Form = 'object' | 'text';

/** The body of a request: an event for each record, which is in it byte for byte, as its numbers may be longer than JavaScript's. */
export const eventsOf = ({ source, records }: Delivery, settings: SplunkHecSettings, form: Form): Buffer =>
  Buffer.concat(
    records.flatMap((record) => {
      const event = form === 'object' ? record.line : Buffer.from(JSON.stringify(record.line.toString()));
      return [envelopeOf(record, source, settings), EVENT, event, END];
    }),
  );

/** Everything of an event but the record, as an object that is not closed. */
function envelopeOf(record: EncodedRecord, source: string, { INDEX, SOURCETYPE, HOST }: SplunkHecSettings): Buffer {
  const { createdAtMs } = record;
  const envelope = JSON.stringify({
    // Of a time before 1970 it is not said that it is taken.
    ...(createdAtMs !== null && createdAtMs >= 0 && { time: createdAtMs / 1000 }),
    source,
    sourcetype: SOURCETYPE,
    ...(INDEX !== undefined && { index: INDEX }),
    ...(HOST !== undefined && { host: HOST }),
    fields: indexedOf(record),
  });
  return Buffer.from(envelope.slice(0, -1));
}

/** What is indexed beside the event, so that searches need not read it. Only strings: of anything else HEC says code 15. */
function indexedOf({ id, fields }: EncodedRecord): Record<string, string> {
  const { chatId, role, userId, userEmail, organizationId, organizationUuid, projectId } = fields;
  const all = {
    ...{ id, chat_id: chatId, role, user_id: userId, user_email: userEmail, organization_id: organizationId },
    ...{ organization_uuid: organizationUuid, project_id: projectId },
  };
  const isText = (entry: [string, string | null]): entry is [string, string] => entry[1] !== null && entry[1] !== '';
  return Object.fromEntries(Object.entries(all).filter(isText));
}
