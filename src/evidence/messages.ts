import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { rfc3339Ms } from '../domain/rfc3339';
import { lineGroupsIn } from '../archive/read/lines';
import { topLevelFields } from '../json/top-level-fields';
import { errorCode } from '../text/error-code';
import { isIn, type OpenSpan } from './span';

const READ_BYTES = 1024 * 1024;
const NO_CONTENT = '[]';
const READ = ['created_at', 'content', 'organization_uuid', 'organization_id'] as const;
/** Of an id, or a time: a long content is not looked into. */
const LONGEST_VALUE = 1024;
type Name = (typeof READ)[number];

/** Messages of an organization that were created on a day, by UTC. */
export interface MessageCount {
  /** Messages come again in each epoch that covers them: see `rewound`. */
  epoch: number;
  organizationUuid: string;
  organizationId: string;
  /** `unknown`: the message says no time that is one. */
  day: string;
  messages: number;
  /** Of these, those that came without content: deleted in claude.ai before they were read. */
  deleted: number;
}

/** Counts the messages of parts, by what each says of itself. */
export class MessageCounter {
  readonly #counts = new Map<string, MessageCount>();

  /** @param span Of their creation. */
  constructor(
    private readonly folder: string,
    private readonly span: OpenSpan,
  ) {}

  /** @returns false if the part is not there. */
  async add(path: string, epoch: number): Promise<boolean> {
    try {
      const stream = createReadStream(join(this.folder, path), { highWaterMark: READ_BYTES });
      for await (const lines of lineGroupsIn(stream)) for (const line of lines) this.#count(line, epoch);
      return true;
    } catch (error) {
      // What can be read no further is named by the verification.
      if (errorCode(error) === 'ENOENT') return false;
      if (errorCode(error) === undefined) throw error;
      return true;
    }
  }

  all(): MessageCount[] {
    return [...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, count]) => count);
  }

  #count(line: Buffer, epoch: number): void {
    const fields = fieldsOf(line);
    if (fields === null) return;
    const ms = rfc3339Ms(textOf(fields.get('created_at')));
    const created = ms === undefined ? null : new Date(ms).toISOString();
    if (created !== null && !isIn(this.span, created)) return;
    const day = created?.slice(0, 10) ?? 'unknown';
    const organizationUuid = textOf(fields.get('organization_uuid'));
    const organizationId = textOf(fields.get('organization_id'));
    const key = [organizationUuid, organizationId, day, epoch].join(' ');
    const count = this.#counts.get(key) ?? { epoch, organizationUuid, organizationId, day, messages: 0, deleted: 0 };
    this.#counts.set(key, count);
    count.messages += 1;
    if (fields.get('content') === NO_CONTENT) count.deleted += 1;
  }
}

/** The values that count, as they are written; null for a line that is no record. */
function fieldsOf(line: Buffer): Map<Name, string> | null {
  const fields = new Map<Name, string>();
  try {
    for (const { name, field } of topLevelFields(line)) {
      const read = READ.find((one) => one === name);
      if (read) fields.set(read, field.toString('utf8', read.length + 3, read.length + 3 + LONGEST_VALUE));
    }
    return fields;
  } catch {
    return null;
  }
}

function textOf(value: string | undefined): string {
  try {
    const parsed: unknown = JSON.parse(value ?? '""');
    return typeof parsed === 'string' ? parsed : '';
  } catch {
    return '';
  }
}
