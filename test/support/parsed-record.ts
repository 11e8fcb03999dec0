import { collect } from '../../harness/collect';
import { readRecords } from '../../src/archive/read/parts';
import type { MessageRecord } from '../../src/domain/record';

/** What comes out, as its readers see it. */
export interface ParsedRecord {
  id: string;
  role: string;
  created_at: string;
  content: unknown;
  files: unknown[] | null;
  artifacts: unknown[] | null;
  chat_id: string;
  chat_name: string;
  chat_user: { id: string; email_address: string } | null;
  organization_id: string;
  organization_uuid: string;
  project_id: string;
  [field: string]: unknown;
}

export const textOf = ({ json }: MessageRecord): string => Buffer.concat([...json]).toString();

export const parse = (record: MessageRecord): ParsedRecord => JSON.parse(textOf(record)) as ParsedRecord;

export const encode = (record: ParsedRecord): MessageRecord => ({
  id: record.id,
  createdAt: record.created_at,
  json: [Buffer.from(JSON.stringify(record))],
});

/** Every record of an archive. @param folder FILE_DIR/<source> */
export const recordsIn = async (folder: string): Promise<ParsedRecord[]> =>
  (await collect(readRecords(folder))).map((json) => JSON.parse(json) as ParsedRecord);
