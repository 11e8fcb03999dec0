import type { DiscoveredOrganizations } from '../../src/activities/types';
import { createOrganizations } from '../../src/workflows/organizations';
import type { Policy } from '../../src/config/policy';

type Page = Partial<DiscoveredOrganizations>;
const organizations = (...answers: Page[]) => {
  const asked: (string | null)[] = [];
  const discoverOrganizations = ({ page }: { page: string | null }): Promise<DiscoveredOrganizations> => {
    asked.push(page);
    const nothing = { allowed: true, cursorRefused: false, uuids: [], odd: null, place: null, nextPage: null };
    return Promise.resolve({ ...nothing, serverTime: null, requestId: null, requests: 1, ...answers.shift() });
  };
  return { asked, ...createOrganizations({ discoverOrganizations }, { pageSize: 2 } as Policy) };
};

const pages = (uuid: string, nextPage: string): Page[] => [{ uuids: [uuid], place: uuid, nextPage }];

async function walkThrough({ after }: ReturnType<typeof organizations>): Promise<string[]> {
  const met: string[] = [];
  for (let uuid = await after(null); uuid !== null && met.length < 20; uuid = await after(uuid)) met.push(uuid);
  return met;
}

test('organizations follow each other over all pages, which are asked for once', async () => {
  const two = organizations({ uuids: ['a', 'b'], nextPage: 'p' }, { uuids: ['c'] });

  expect(await walkThrough(two)).toEqual(['a', 'b', 'c']);
  expect(two.asked).toEqual([null, 'p']);
});

test('one that is listed twice is met once', async () => {
  expect(await walkThrough(organizations({ uuids: ['a', 'b', 'a'], nextPage: 'p' }, { uuids: ['b', 'c'] }))).toEqual([
    'a',
    'b',
    'c',
  ]);
});

test('a page whose cursor is refused is found again from the start', async () => {
  const answers = [{ uuids: ['a'], nextPage: 'old' }, { cursorRefused: true }, { uuids: ['a'], nextPage: 'new' }];

  expect(await walkThrough(organizations(...answers, { uuids: ['b'] }))).toEqual(['a', 'b']);
});

test('cursors that are refused for good, or go in circles, end it', async () => {
  const refusing = organizations({ uuids: ['a'], nextPage: 'p' }, { cursorRefused: true }, ...pages('a', 'p'), {
    cursorRefused: true,
  });
  await expect(walkThrough(refusing)).rejects.toThrow('organizations: the server refuses its own cursor');
  expect(refusing.asked).toHaveLength(4);

  const turning = organizations(...Array.from({ length: 50 }, () => [...pages('a', 'p'), ...pages('b', 'q')]).flat());
  await expect(walkThrough(turning)).rejects.toThrow('go in circles');
  expect(turning.asked.length).toBeLessThan(10);

  const without = organizations(...Array.from({ length: 300 }, (_, n) => ({ nextPage: `p${n}` })));
  await expect(walkThrough(without)).rejects.toThrow('without an end');
});

test('after one that is not there any more all are met again', async () => {
  const { after } = organizations({ uuids: ['a', 'b'] });

  expect(await after('gone')).toBe('a');
});
