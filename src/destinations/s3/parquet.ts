import type { ColumnSource } from 'hyparquet-writer' with { 'resolution-mode': 'import' };
import { EncodedRecord } from '../encoded-record';
import { topLevelFields } from '../../json/top-level-fields';
import { linesIn } from './lines';

/** Of records before compression: as much as is in memory. */
const ROW_GROUP_BYTES = 8 * 1024 * 1024;

type Column = Omit<ColumnSource, 'data'> & { value: (record: EncodedRecord) => string | Date | null };

const text = (name: string, value: Column['value']): Column => ({ name, type: 'STRING', nullable: true, value });

/** The same for every part: whoever reads them together has nothing to merge. */
const COLUMNS: readonly Column[] = [
  { ...text('id', ({ id }) => id), nullable: false },
  text('chat_id', ({ fields }) => fields.chatId),
  text('chat_name', ({ fields }) => fields.chatName),
  text('role', ({ fields }) => fields.role),
  {
    ...{ name: 'created_at', type: 'TIMESTAMP', nullable: true },
    value: ({ createdAtMs }) => (createdAtMs === null ? null : new Date(createdAtMs)),
  },
  text('created_at_text', ({ createdAt }) => createdAt),
  text('user_id', ({ fields }) => fields.userId),
  text('user_email', ({ fields }) => fields.userEmail),
  text('organization_id', ({ fields }) => fields.organizationId),
  text('organization_uuid', ({ fields }) => fields.organizationUuid),
  text('project_id', ({ fields }) => fields.projectId),
  { ...text('text', (record) => record.text), encoding: 'PLAIN', statistics: false },
  { ...text('content', ({ line }) => contentOf(line)), encoding: 'PLAIN', statistics: false },
  // The record itself, byte for byte.
  { ...text('record', ({ line }) => line.toString()), nullable: false, encoding: 'PLAIN', statistics: false },
];

/** A part as a Parquet file. Its row groups are bounded by bytes, as records may be long. */
export async function* parquetOf(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const { ByteWriter, ParquetWriter, schemaFromColumnData } = await import('hyparquet-writer');
  const writer = new ByteWriter();
  const sourceOf = ({ value: _, ...column }: Column, data: ColumnSource['data']): ColumnSource => ({ ...column, data });
  const schema = schemaFromColumnData({ columnData: COLUMNS.map((column) => sourceOf(column, [])) });
  const file = new ParquetWriter({ writer, schema, createdBy: 'compliance-chat-sync' });

  function taken(): Buffer {
    const bytes = Buffer.from(writer.getBytes());
    writer.index = 0;
    return bytes;
  }

  function writeGroup(records: readonly EncodedRecord[]): Buffer {
    const columnData = COLUMNS.map((column) => sourceOf(column, records.map(column.value)));
    void file.write({ columnData, rowGroupSize: records.length });
    return taken();
  }

  let group: EncodedRecord[] = [];
  let bytes = 0;
  for await (const line of linesIn(content)) {
    group.push(new EncodedRecord(line));
    bytes += line.length;
    if (bytes < ROW_GROUP_BYTES) continue;
    yield writeGroup(group);
    group = [];
    bytes = 0;
  }
  if (group.length > 0) yield writeGroup(group);
  void file.finish();
  yield taken();
}

/** As it is written: with all digits, and blocks that have no text. */
function contentOf(line: Buffer): string | null {
  const field = topLevelFields(line).find(({ name }) => name === 'content')?.field;
  return field === undefined ? null : field.toString('utf8', '"content":'.length);
}
