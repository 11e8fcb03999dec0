import { createHash } from 'node:crypto';
import type { PartEntry } from '../archive/log';
import type { Limits } from '../destinations/definition';
import { DestinationError, type RecordDestination, type Refusal } from '../destinations/destination';
import { recordAt, type BatchRecord } from './batches';
import type { Refused, RefusedFile } from './refused-file';
import type { Origin } from './writer';

/** So many refused records in a row, and none that was taken, are a matter of the destination's settings. */
const MOST_SUSPECTS = 100;
/** With less a record has no text at all. */
const SHORTEST_BYTES = 1000;

/**
 * Delivers batches, and finds the records that the destination refuses for good: what is refused as a whole is delivered in halves. A
 * single record is set aside only if others get through; until then it is suspected, and the position stays before it.
 */
export class BatchSender {
  #suspects: Refused[] = [];
  /** Whether any of the batch was taken. */
  #hasTaken = false;
  delivered = 0;
  shortened = 0;

  constructor(
    private readonly destination: RecordDestination,
    private readonly limits: Limits,
    private readonly refused: RefusedFile,
    private readonly signal: AbortSignal,
  ) {}

  /** Whether the position may move: nothing before it is undecided. */
  get isDecided(): boolean {
    return this.#suspects.length === 0;
  }

  /**
   * Delivers a part's records up to the byte `to`.
   * @param before Records of the entry before these.
   * @throws DestinationError
   */
  async send(origin: Origin, records: readonly BatchRecord[], to: number, before: number): Promise<void> {
    this.#hasTaken = false;
    await this.#send(origin, records, to, before);
  }

  async #send(origin: Origin, records: readonly BatchRecord[], to: number, before: number): Promise<void> {
    const [first] = records;
    if (first === undefined) return;
    const { source, entry, part, positionAt } = origin;
    const delivery = {
      source,
      at: positionAt(first.at, before),
      next: positionAt(to, before + records.length),
      window: entry.window,
      key: keyOf(origin, part, first.at, to),
      records: records.map(({ record }) => record),
      refusing: (refusals: readonly Refusal[]) => this.refused.add(refusedOf(origin, records, refusals)),
    };
    try {
      // A destination that keeps the position itself moves it past them.
      if (this.destination.position) await this.refused.add(this.#suspects);
      const { refused } = await this.destination.deliver(delivery, this.signal);
      await this.#taken(origin, records, refused);
    } catch (error) {
      if (!(error instanceof DestinationError) || error.answer === 'wait') throw error;
      if (records.length === 1) return this.#sendLess(origin, first, to, before, error);
      const middle = Math.ceil(records.length / 2);
      const second = records[middle]?.at ?? to;
      await this.#send(origin, records.slice(0, middle), second, before);
      await this.#send(origin, records.slice(middle), to, before + middle);
    }
  }

  /** @throws DestinationError if there are records that were refused while nothing was taken. */
  requireDecided(): void {
    if (this.isDecided) return;
    const [{ code } = { code: '' }] = this.#suspects;
    throw new DestinationError(
      'refuses-all',
      `refuses every record that it got last (${code}): if that is not for its settings, the next one that it takes settles it`,
    );
  }

  async #taken(origin: Origin, records: readonly BatchRecord[], refused: readonly Refusal[]): Promise<void> {
    const bad = refusedOf(origin, records, refused);
    const taken = records.filter(({ at }) => !bad.some(({ byte }) => byte === at));
    this.delivered += taken.length;
    this.shortened += taken.filter(({ record, whole }) => record.line !== whole).length;
    this.#hasTaken ||= taken.length > 0;
    this.#suspects.push(...bad);
    await this.#decide();
  }

  /** A single record that is not taken as it is. */
  async #sendLess(
    origin: Origin,
    one: BatchRecord,
    to: number,
    before: number,
    { answer, code }: DestinationError,
  ): Promise<void> {
    const { at, record, whole } = one;
    const recordBytes = Math.floor(record.line.length / 2);
    if (answer === 'too-large' && recordBytes > SHORTEST_BYTES) {
      const shorter = recordAt(whole, origin.part.path, at, { ...this.limits, recordBytes });
      return this.#send(origin, [shorter], to, before);
    }
    this.#suspects.push(...refusedOf(origin, [one], [{ id: record.id, code }]));
    await this.#decide();
    if (this.#suspects.length > MOST_SUSPECTS) this.requireDecided();
  }

  /** While others of the batch are taken, what is refused is refused for what it is. */
  async #decide(): Promise<void> {
    if (!this.#hasTaken || this.isDecided) return;
    await this.refused.add(this.#suspects);
    this.#suspects = [];
  }
}

/** Those of the records that are refused, as the file names them. */
function refusedOf({ entry, part }: Origin, records: readonly BatchRecord[], refusals: readonly Refusal[]): Refused[] {
  // To know a record's id takes parsing it.
  if (refusals.length === 0) return [];
  const codes = new Map(refusals.map(({ id, code }) => [id, code]));
  const { epoch, from, to } = entry.window;
  const place = { entry: entry.n, part: part.path, window: { epoch, from, to } };
  const now = new Date().toISOString();
  return records.flatMap(({ record: { id }, at: byte }) => {
    const code = codes.get(id);
    return code === undefined ? [] : [{ id, code, at: now, byte, ...place }];
  });
}

function keyOf({ source, positionAt }: Origin, { path, sha256 }: PartEntry, from: number, to: number): string {
  const { archive, epoch } = positionAt(from, 0);
  const name = [archive, source, epoch, path, sha256, from, to];
  return createHash('sha256').update(JSON.stringify(name)).digest('hex');
}
