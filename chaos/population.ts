import { Tenant, type Chat } from '../simulator';
import { createRandom } from '../simulator/random';

const HOUR_MS = 3_600_000;
const LATELY = 15;
/** Users per organization: more than PAGE_SIZE, so that the list of users has several pages. */
const USERS = 30;

export interface PopulationOptions {
  seed: string;
  marker: string;
  /** The number of initial chats, from the hour before the start. */
  chats: number;
  /** Milliseconds since 1970. */
  clock: () => number;
}

export interface Population {
  readonly tenant: Tenant;
  readonly backfillStart: string;
  /** When chats were hard-deleted, ms since 1970, by chat id. */
  readonly deletedAt: ReadonlyMap<string, number>;
  /** When users left for good, ms since 1970, by user id. */
  readonly leftAt: ReadonlyMap<string, number>;
  /** Makes one random change: a message, a chat, a rename, a move, a deletion or a new user. */
  readonly change: () => void;
  /** Adds a message to each of the chats that were changed last. @returns the ids of the chats. */
  readonly writeInLast: (chats: number) => string[];
}

/** Creates a tenant whose private text, names and addresses all hold the marker. */
export function createPopulation({ seed, marker, chats, clock }: PopulationOptions): Population {
  const random = createRandom(`population ${seed}`);
  const tenant = new Tenant({ seed, timestamps: { chats: 'seconds', messages: 'millis' }, clock });
  const deletedAt = new Map<string, number>();
  const leftAt = new Map<string, number>();
  const now = clock();
  const start = now - HOUR_MS;
  const organizations = [1, 2].map(() => tenant.addOrganization({ at: start }).uuid);
  for (const uuid of organizations) {
    for (let i = 0; i < USERS; i++) join(uuid, start);
    for (let i = 0; i < 2; i++) tenant.addProject(uuid);
  }

  const text = (): string => `${marker} wrote ✓ "${random.id(random.int(5, 300))}"\n${random.id(8)}`;
  const name = (): string => `${marker} about ${random.id(6)}`;

  function addChat(at?: number): Chat {
    const organizationUuid = random.pick(organizations);
    return tenant.addChat({ organizationUuid, name: name(), userId: pickUser(organizationUuid), at });
  }

  function join(uuid: string, at = clock()): void {
    const fullName = `${marker} ${random.id(4)}`;
    tenant.addUser(uuid, { at, fullName, email: `${marker}.${random.id(6)}@example.com` });
  }

  const usersOf = (uuid: string): string[] => (tenant.members(uuid)?.entries() ?? []).map(({ item }) => item.user.id);
  const pickUser = (uuid: string): string | null => (random.chance(0.1) ? null : random.pick(usersOf(uuid)));

  function write(chat: Chat, messages: number): void {
    for (let i = 0; i < messages; i++) tenant.addMessage(chat.id, { content: text() });
  }

  for (let i = 0; i < chats; i++) {
    const times = Array.from({ length: random.int(2, 25) }, () => random.int(start, now - 1000)).sort((a, b) => a - b);
    const chat = addChat(times[0]);
    for (const at of times) tenant.addMessage(chat.id, { at, content: text() });
  }

  function pickChat(): Chat | undefined {
    const entries = tenant.chatOrder.updated_at.entries();
    // Half of the changes hit the chats that were changed last, because the running sync reads those.
    const oldest = random.chance(0.5) ? 0 : Math.max(0, entries.length - LATELY);
    const chat = entries[random.int(oldest, entries.length - 1)]?.item;
    return chat && isAlive(chat) ? chat : undefined;
  }

  const isAlive = (chat: Chat): boolean => chat.deletedAt === null && !leftAt.has(chat.userId ?? '');

  function writeInLast(count: number): string[] {
    const latest = tenant.chatOrder.updated_at
      .entries()
      .map(({ item }) => item)
      .toReversed();
    const last = latest.filter((chat) => chat.userId !== null && isAlive(chat)).slice(0, count);
    for (const chat of last) write(chat, 1);
    return last.map(({ id }) => id);
  }

  function change(): void {
    const chat = pickChat();
    const what = random.next();
    if (!chat || what < 0.15) write(addChat(), random.int(1, 3));
    else if (what < 0.75) write(chat, random.int(1, 3));
    else if (what < 0.78) write(chat, 40);
    else if (what < 0.86) tenant.renameChat(chat.id, name());
    else if (what < 0.93) tenant.moveChat(chat.id, pickProject(chat));
    else if (what < 0.975) tenant.deleteChat(chat.id);
    else if (what < 0.98) replaceSomeone(chat.organizationUuid);
    else {
      tenant.hardDeleteChat(chat.id);
      deletedAt.set(chat.id, Date.now());
    }
  }

  function replaceSomeone(uuid: string): void {
    const user = random.pick(usersOf(uuid));
    tenant.removeUser(user);
    leftAt.set(user, Date.now());
    join(uuid);
  }

  function pickProject(chat: Chat): string | null {
    const own = [...tenant.projects.values()].filter((project) => project.organizationUuid === chat.organizationUuid);
    return random.pick([null, ...own.map(({ id }) => id)]);
  }

  const backfillStart = new Date(Math.floor(start / 1000) * 1000).toISOString();
  return { tenant, backfillStart, deletedAt, leftAt, change, writeInLast };
}
