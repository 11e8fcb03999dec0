import { z } from 'zod';

/** Names that the target's server and the loop have to agree on. */
export const BUCKET = 'bench';
export const TOKEN = '00000000-0000-4000-8000-000000000000';

/** What a plain loop writes, and where to. */
export const plainSpecSchema = z.object({
  kind: z.enum(['http', 'postgres', 's3', 'splunk-hec', 'otlp', 'opensearch']),
  url: z.string(),
  /** Paths of files of lines. */
  parts: z.array(z.string()),
  /** What the product sends at once; null: whole parts. */
  limits: z.object({ batchBytes: z.number(), batchRecords: z.number() }).nullable(),
  /** Whether to wait for acknowledgements. */
  isAcknowledged: z.boolean(),
});
export type PlainSpec = z.infer<typeof plainSpecSchema>;

/** Writes lines of a part, without their line ends, and resolves when the server has them. */
export type Write = (lines: readonly Buffer[]) => Promise<void>;

/** A writer, ready to write. */
export type OpenPlain = (spec: PlainSpec) => Promise<Write>;

/** The fields of a record that destinations take out of it. */
export interface PlainRecord {
  id: string;
  role: string;
  created_at: string;
  content: { text: string }[];
  chat_id: string;
  chat_name: string;
  chat_user: { id: string; email_address: string };
  organization_id: string;
  organization_uuid: string;
  project_id: string;
}

export const parse = (line: Buffer): PlainRecord => JSON.parse(line.toString()) as PlainRecord;
