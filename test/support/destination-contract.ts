import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Limits } from '../../src/destinations/definition';
import { DestinationError, type Destination } from '../../src/destinations/destination';
import type { DeliveryResult } from '../../src/delivery/deliver';
import { deliverFrom } from './deliver-from';
import { CANARY, hostileRecords } from './hostile-records';
import { makeArchive, recordOf, recordsOfChat, type MadeArchive } from './made-archive';

/** A record as a destination holds it. */
export interface Stored {
  id: string;
  /** The archive's line; absent where a destination does not give it back byte for byte. */
  json?: string;
}

/** A real destination on a real server, empty at the start of each test. */
export interface ContractSubject {
  /** As a worker makes it, anew. */
  make(): Promise<Destination>;
  /** Null for one that takes parts. */
  limits: Limits | null;
  /** Everything that is there; of one chat in the order in which it arrived, where there is an order. */
  stored(): Promise<Stored[]>;
  /** What is delivered twice is there once. */
  keepsOnce: boolean;
  /** Ends the server without warning. */
  kill(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

const SMALL_BATCH = 20_000;

/** What every destination promises, told by its real server. @param name Its kind. @param open Makes a new, empty subject. */
export function destinationContract(name: string, open: () => Promise<ContractSubject>): void {
  describe(`${name}, by the contract`, () => {
    let subject: ContractSubject;
    let archive: MadeArchive;
    let destinations: Destination[];
    beforeEach(async () => {
      destinations = [];
      [subject, archive] = await Promise.all([open(), makeArchive()]);
    });
    afterEach(async () => {
      for (const destination of destinations) await destination.close();
      await archive.remove();
      await subject.close();
    });

    /** One delivery, by a worker that has just started. */
    async function run(batchBytes = SMALL_BATCH): Promise<DeliveryResult> {
      const destination = await subject.make();
      destinations.push(destination);
      const { limits } = subject;
      return deliverFrom(archive, destination, limits && { ...limits, batchBytes }, { name });
    }

    const ids = async (): Promise<string[]> => (await subject.stored()).map(({ id }) => id);
    const forgetPosition = () => rm(join(archive.folder, 'positions'), { recursive: true, force: true });

    it('gets every record, once, in the order of its chat, and a second delivery brings nothing', async () => {
      const [one, two] = [recordsOfChat('one', 100), recordsOfChat('two', 80)];
      await archive.window([one], [two]);
      await archive.window([recordsOfChat('three', 1)]);
      const result = await run();
      expect(result).toMatchObject({ caughtUp: true, delivered: 181, refused: 0, behind: { records: 0, parts: 0 } });
      await run();
      const there = await ids();
      expect(there).toHaveLength(181);
      const ofOne = there.filter((id) => id.startsWith('one-'));
      expect(ofOne).toEqual([...ofOne].sort());
    });

    it('keeps what others stumble on', async () => {
      const hostile = Object.values(hostileRecords());
      await archive.window([hostile]);
      expect(await run(1_000_000)).toMatchObject({ delivered: hostile.length, refused: 0 });
      const stored = new Map((await subject.stored()).map((one) => [one.id, one.json]));
      const idOf = (json: string): string => (JSON.parse(json) as { id: string }).id;
      expect([...stored.keys()].sort()).toEqual(hostile.map(idOf).sort());
      for (const json of hostile) expect(stored.get(idOf(json)) ?? json).toBe(json);
    });

    it('takes again what a crash had it forget', async () => {
      await archive.window([recordsOfChat('one', 100)]);
      await run();
      await forgetPosition();
      await run();
      const there = await ids();
      expect(new Set(there).size).toBe(100);
      if (subject.keepsOnce) expect(there).toHaveLength(100);
    });

    it('loses nothing when its server is killed, and says so meanwhile without quoting anybody', async () => {
      await archive.window([recordsOfChat('one', 100)]);
      await run();
      await subject.kill();
      await archive.window([[recordOf('after', { content: [{ type: 'text', text: CANARY }], chat_id: CANARY })]]);
      const error: unknown = await run().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(DestinationError);
      expect(error).toMatchObject({ answer: 'wait' });
      expect(error).not.toHaveProperty('cause');
      expect(String(error)).not.toContain(CANARY);
      await subject.start();
      // What waits is asked to try again, as the workflow does.
      for (let tries = 0; ; tries += 1) {
        const outcome: unknown = await run().catch((thrown: unknown) => thrown);
        if (!(outcome instanceof DestinationError)) break;
        if (tries > 100) throw outcome;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      const there = await ids();
      expect(new Set(there)).toEqual(
        new Set([...recordsOfChat('one', 100).map((json) => (JSON.parse(json) as { id: string }).id), 'after']),
      );
      expect(there.filter((id) => id === 'after')).toHaveLength(1);
    });

    it('can be checked, and the check leaves nothing', async () => {
      const destination = await subject.make();
      destinations.push(destination);
      await destination.check(AbortSignal.timeout(60_000));
      expect(await ids()).toEqual([]);
      await subject.kill();
      await expect(destination.check(AbortSignal.timeout(60_000))).rejects.toThrow(DestinationError);
    });
  });
}
