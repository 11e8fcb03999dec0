import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { createFolderArchive } from '../../src/archive/folder-archive';
import type { FileSystem } from '../../src/archive/folder/file-system';
import type { Archive } from '../../src/archive/archive';
import { filesBelow, ledgerLines, newFolder, removeFolders, visibleIds } from './output';
import { both, completing, type Plan, rewinding, type Step, type Sync } from './steps';
import { dyingFileSystem, Killed, plainFileSystem, watchedFileSystem } from './watched-file-system';

// Thousands of steps on real files: a busy disk may need a while.
jest.setTimeout(240_000);
afterEach(removeFolders);

function open(dir: string, fs: FileSystem): Archive {
  // Small parts: each publish makes several.
  return createFolderArchive({ dir, source: 'test', fs, partBytes: 900 });
}

function newSync(): Sync {
  return { chats: {}, totals: { chats: 0, records: 0 } };
}

/** Whether the step got to its end before its worker died. */
async function survives(step: Step, archive: Archive, sync: Sync): Promise<boolean> {
  try {
    (await step(archive, sync))();
    return true;
  } catch (error) {
    if (error instanceof Killed) return false;
    throw error;
  }
}

/** At any moment: whole parts, and no record more often than in the end. */
async function expectOnlyWhole(folder: string, { ids }: Plan): Promise<void> {
  const left = [...ids];
  for (const id of await visibleIds(folder)) {
    expect(left).toContain(id);
    left.splice(left.indexOf(id), 1);
  }
}

async function expectExact(folder: string, { ids, ledger }: Plan): Promise<void> {
  expect((await visibleIds(folder)).sort()).toEqual([...ids].sort());
  const lines = await ledgerLines(folder);
  expect(lines).toMatchObject(ledger);
  expect(lines.flatMap((line) => line.parts.map((part) => join(folder, part.path))).sort()).toEqual(
    await filesBelow(join(folder, 'messages')),
  );
  expect(await readdir(join(folder, '.staging'))).toEqual([]);
}

/** Does all steps; a worker dies at each of these changes to the disk, and another one takes its step up. */
async function syncWithDeaths(folder: string, plan: Plan, deaths: number[]): Promise<number> {
  const dir = join(folder, '..');
  const sync = newSync();
  let died = 0;
  let archive = open(dir, deaths[0] === undefined ? plainFileSystem : dyingFileSystem(deaths[0]));
  for (const step of plan.steps) {
    while (!(await survives(step, archive, sync))) {
      died += 1;
      await expectOnlyWhole(folder, plan);
      await ledgerLines(folder);
      const next = deaths[died];
      archive = open(dir, next === undefined ? plainFileSystem : dyingFileSystem(next));
    }
  }
  // Once more: changes nothing, and tidies up after one that died while it did.
  await plan.steps.at(-1)?.(open(dir, plainFileSystem), sync);
  return died;
}

describe('the archive', () => {
  it.each([
    ['while it completes a window', completing],
    ['while it gives one up and begins again', rewinding],
  ])('is exact wherever a worker dies %s', async (_, plan) => {
    const atOnce = 16;
    let changes = 0;
    for (let died = atOnce; died === atOnce; changes += died) {
      const deaths = Array.from({ length: atOnce }, async (_, index) => {
        const folder = join(await newFolder(), 'test');
        const died = await syncWithDeaths(folder, plan, [changes + index + 1]);
        await expectExact(folder, plan);
        return died;
      });
      died = (await Promise.all(deaths)).reduce((sum, died) => sum + died, 0);
      await removeFolders();
    }
    expect(changes).toBeGreaterThan(40);
  });

  it('is exact when the workers that follow die as well', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 25 }), { maxLength: 12 }), async (deaths) => {
        const folder = join(await newFolder(), 'test');
        await syncWithDeaths(folder, both, deaths);
        await expectExact(folder, both);
        await removeFolders();
      }),
      { numRuns: 20 },
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
        for (const step of both.steps) {
          const [one, two] = await scheduler.waitFor(Promise.all(workers.map((archive) => step(archive, sync))));
          (choices.next().value ? one : two)?.();
        }
        await expectExact(folder, both);
        await removeFolders();
      }),
      { numRuns: 20 },
    );
  });
});
