import { createHash } from 'node:crypto';
import type { PartEntry } from '../archive/log';
import type { Limits } from '../destinations/definition';
import { DestinationError, type RecordDestination, type Refusal } from '../destinations/destination';
import { isShortened, type BatchRecord } from './batches';
import type { Refused, RefusedFile } from './refused-file';
import type { ShortenedFile } from './shortened-file';
import { shorterThan } from './shorter';
import type { Origin } from './writer';

/** So many refused records in a row, and none that was taken, are a matter of the destination's settings. */
const MOST_SUSPECTS = 100;
/** So many others of their delivery are asked about, one by one, before they are held for that. */
const PROBES = 16;

/**
 * Delivers batches, and finds the records that the destination refuses for good: what is refused as a whole is delivered in halves. A
 * single record is set aside only if others get through; until then it is suspected, and the position stays before it.
 */
export class BatchSender {
  #suspects: Refused[] = [];
  /** Whether any of the batch was taken. */
  #hasTaken = false;
  /** Those of the batch that were taken before their turn, by where they begin. */
  #probed = new Set<number>();
  /** The batch that is being delivered. */
  #batch: readonly BatchRecord[] = [];
  delivered = 0;
  shortened = 0;

  constructor(
    private readonly destination: RecordDestination,
    private readonly limits: Limits,
    private readonly refused: RefusedFile,
    private readonly shortenedParts: ShortenedFile,
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
    this.#probed.clear();
    this.#batch = records;
    await this.#send(origin, records, to, before);
  }

  async #send(origin: Origin, records: readonly BatchRecord[], to: number, before: number): Promise<void> {
    const [first] = records;
    if (first === undefined) return;
    try {
      await this.#deliver(origin, records, to, before);
    } catch (error) {
      if (!(error instanceof DestinationError) || error.answer === 'wait') throw error;
      if (records.length === 1) return this.#sendLess(origin, first, to, before, error);
      const middle = Math.ceil(records.length / 2);
      const second = records[middle]?.at ?? to;
      await this.#send(origin, records.slice(0, middle), second, before);
      await this.#send(origin, records.slice(middle), to, before + middle);
    }
  }

  /** @throws DestinationError for what is refused as a whole, too. */
  async #deliver(origin: Origin, all: readonly BatchRecord[], to: number, before: number): Promise<void> {
    const records = this.#probed.size === 0 ? all : all.filter(({ at }) => !this.#probed.has(at));
    const [first] = records;
    if (first === undefined) return;
    const { source, entry, part, positionAt } = origin;
    const delivery = {
      source,
      at: positionAt(first.at, before),
      next: positionAt(to, before + all.length),
      window: entry.window,
      key: keyOf(origin, part, first.at, to),
      records: records.map(({ record }) => record),
      committing: (refusals: readonly Refusal[]) =>
        this.refused.add([...this.#suspects, ...refusedOf(origin, records, refusals)]),
    };
    if (records.some(isShortened)) await this.shortenedParts.add(entry.n, part.path);
    const { refused } = await this.destination.deliver(delivery, this.signal);
    await this.#taken(origin, records, refused);
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
    this.shortened += taken.filter(isShortened).length;
    this.#hasTaken ||= taken.length > 0;
    this.#suspects.push(...bad);
    await this.refused.settle(
      origin.part.path,
      taken.map(({ at }) => at),
    );
    await this.#decide();
  }

  /** A single record that is not taken as it is. */
  async #sendLess(
    origin: Origin,
    one: BatchRecord,
    to: number,
    before: number,
    error: DestinationError,
  ): Promise<void> {
    const shorter = shorterThan(one, origin.part.path, this.limits, error);
    if (shorter !== null) return this.#send(origin, [shorter], to, before);
    this.#suspects.push(...refusedOf(origin, [one], [{ id: one.record.id, code: error.code }]));
    await this.#decide();
    if (this.#suspects.length > MOST_SUSPECTS) await this.#probe(origin, one.at);
  }

  /** Asks about a few of the batch's others, far apart. @throws DestinationError if none of them is taken either. */
  async #probe(origin: Origin, behind: number): Promise<void> {
    // One that keeps its own position looks into a delivery by itself.
    const rest = this.destination.position ? [] : this.#batch.filter(({ at }) => at > behind);
    const step = Math.max(1, Math.floor(rest.length / PROBES));
    for (const one of rest.filter((_, i) => (rest.length - 1 - i) % step === 0).reverse()) {
      if (await this.#isTaken(origin, one)) {
        this.#probed.add(one.at);
        return;
      }
    }
    this.requireDecided();
  }

  async #isTaken(origin: Origin, one: BatchRecord): Promise<boolean> {
    const before = this.delivered;
    try {
      await this.#deliver(origin, [one], one.at + one.whole.length + 1, 0);
    } catch (error) {
      if (!(error instanceof DestinationError) || error.answer === 'wait') throw error;
    }
    return this.delivered > before;
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

/** Not by the archive's id, which each rewind of the source renews: a delivery whose answer was lost before it comes again after it. */
function keyOf({ source, positionAt }: Origin, { path, sha256 }: PartEntry, from: number, to: number): string {
  const { epoch } = positionAt(from, 0);
  const name = [source, epoch, path, sha256, from, to];
  return createHash('sha256').update(JSON.stringify(name)).digest('hex');
}
