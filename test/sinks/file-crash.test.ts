import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { createFileSink } from '../../src/sinks/file';
import type { FileSystem } from '../../src/sinks/file/file-system';
import type { Sink } from '../../src/sinks/sink';
import { ageLock, filesBelow, ledgerLines, newFolder, removeFolders, visibleIds } from './output';
import { expected, expectedLedger, type Step, steps, type Sync } from './steps';
import { dyingFileSystem, Killed, plainFileSystem, watchedFileSystem } from './watched-file-system';

jest.setTimeout(60_000);
afterEach(removeFolders);

function open(dir: string, fs: FileSystem): Sink {
  // Small parts: each publish makes several.
  return createFileSink({ dir, source: 'test', fs, partBytes: 900 });
}

function newSync(): Sync {
  return { chats: {}, totals: { chats: 0, records: 0 } };
}

/** Whether the step got to its end before its worker died. */
async function survives(step: Step, sink: Sink, sync: Sync): Promise<boolean> {
  try {
    (await step(sink, sync))();
    return true;
  } catch (error) {
    if (error instanceof Killed) return false;
    throw error;
  }
}

/** At any moment: whole parts, and no record more often than in the end. */
async function expectOnlyWhole(folder: string): Promise<void> {
  const left = [...expected];
  for (const id of await visibleIds(folder)) {
    expect(left).toContain(id);
    left.splice(left.indexOf(id), 1);
  }
}

async function expectExact(folder: string): Promise<void> {
  expect((await visibleIds(folder)).sort()).toEqual([...expected].sort());
  const lines = await ledgerLines(folder);
  expect(lines).toMatchObject(expectedLedger);
  expect(lines.flatMap((line) => line.parts.map((part) => join(folder, part.path))).sort()).toEqual(
    await filesBelow(join(folder, 'messages')),
  );
  expect((await readdir(join(folder, '.staging'))).filter((name) => name !== 'ledger.lock')).toEqual([]);
}

/** Does all steps; a worker dies at each of these counts of its operations, and another one takes its step up. */
async function syncWithDeaths(folder: string, deaths: number[]): Promise<number> {
  const dir = join(folder, '..');
  const sync = newSync();
  let died = 0;
  let sink = open(dir, deaths[0] === undefined ? plainFileSystem : dyingFileSystem(deaths[0]));
  for (const step of steps) {
    while (!(await survives(step, sink, sync))) {
      died += 1;
      await expectOnlyWhole(folder);
      await ledgerLines(folder);
      await ageLock(folder);
      const next = deaths[died];
      sink = open(dir, next === undefined ? plainFileSystem : dyingFileSystem(next));
    }
  }
  return died;
}

describe('the file sink', () => {
  it('is exact wherever a worker dies', async () => {
    const atOnce = 16;
    let operations = 0;
    for (let died = atOnce; died === atOnce; operations += died) {
      const deaths = Array.from({ length: atOnce }, async (_, index) => {
        const folder = join(await newFolder(), 'test');
        const died = await syncWithDeaths(folder, [operations + index + 1]);
        await expectExact(folder);
        return died;
      });
      died = (await Promise.all(deaths)).reduce((sum, died) => sum + died, 0);
      await removeFolders();
    }
    expect(operations).toBeGreaterThan(300);
  });

  it('is exact when the workers that follow die as well', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 90 }), { maxLength: 12 }), async (deaths) => {
        const folder = join(await newFolder(), 'test');
        await syncWithDeaths(folder, deaths);
        await expectExact(folder);
        await removeFolders();
      }),
      { numRuns: 60 },
    );
  });

  it('is exact when two workers do each step at the same time, in any order of their operations', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.infiniteStream(fc.boolean()), async (scheduler, choices) => {
        const folder = join(await newFolder(), 'test');
        const workers = ['one', 'two'].map((worker) =>
          open(
            join(folder, '..'),
            watchedFileSystem(async ({ name }, run) => {
              await scheduler.schedule(Promise.resolve(), `${worker} ${name}`);
              await run();
            }),
          ),
        );
        const sync = newSync();
        for (const step of steps) {
          const [one, two] = await scheduler.waitFor(Promise.all(workers.map((sink) => step(sink, sync))));
          (choices.next().value ? one : two)?.();
        }
        await expectOnlyWhole(folder);
        await expectExact(folder);
        await removeFolders();
      }),
      { numRuns: 25 },
    );
  });
});
