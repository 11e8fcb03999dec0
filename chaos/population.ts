import { Tenant, type Chat } from '../simulator';
import { createRandom } from '../simulator/random';

const HOUR_MS = 3_600_000;
const LATELY = 15;

export interface PopulationOptions {
  seed: string;
  marker: string;
  /** How many there are at the beginning, of the hour before. */
  chats: number;
  /** Milliseconds since 1970. */
  clock: () => number;
}

export interface Population {
  readonly tenant: Tenant;
  readonly backfillStart: string;
  /** When chats were hard-deleted, ms since 1970. */
  readonly goneAt: ReadonlyMap<string, number>;
  /** Someone does something. */
  readonly change: () => void;
}

/** A tenant that carries the marker wherever something private stands, and the changes that its people make. */
export function createPopulation({ seed, marker, chats, clock }: PopulationOptions): Population {
  const random = createRandom(`population ${seed}`);
  const tenant = new Tenant({ seed, timestamps: { chats: 'seconds', messages: 'millis' }, clock });
  const goneAt = new Map<string, number>();
  const now = clock();
  const start = now - HOUR_MS;
  const organizations = [1, 2].map(() => tenant.addOrganization({ at: start }).uuid);
  for (const uuid of organizations) {
    for (let i = 0; i < 4; i++) {
      const name = `${marker} ${random.id(4)}`;
      tenant.addUser(uuid, { at: start, fullName: name, email: `${marker}.${random.id(6)}@example.com` });
    }
    for (let i = 0; i < 2; i++) tenant.addProject(uuid);
  }

  const text = (): string => `${marker} wrote ✓ "${random.id(random.int(5, 300))}"\n${random.id(8)}`;
  const name = (): string => `${marker} about ${random.id(6)}`;

  function addChat(at?: number): Chat {
    const organizationUuid = random.pick(organizations);
    return tenant.addChat({ organizationUuid, name: name(), userId: pickUser(organizationUuid), at });
  }

  function pickUser(uuid: string): string | null {
    const members = (tenant.members(uuid)?.entries() ?? []).map(({ item }) => item.user.id);
    return random.pick([null, ...members, ...members]);
  }

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
    // Half of the changes hit what was changed last: what the sync is reading.
    const oldest = random.chance(0.5) ? 0 : Math.max(0, entries.length - LATELY);
    const chat = entries[random.int(oldest, entries.length - 1)]?.item;
    return chat?.deletedAt === null ? chat : undefined;
  }

  function change(): void {
    const chat = pickChat();
    const what = random.next();
    if (!chat || what < 0.15) write(addChat(), random.int(1, 3));
    else if (what < 0.75) write(chat, random.int(1, 3));
    else if (what < 0.78) write(chat, 40);
    else if (what < 0.86) tenant.renameChat(chat.id, name());
    else if (what < 0.93) tenant.moveChat(chat.id, pickProject(chat));
    else if (what < 0.98) tenant.deleteChat(chat.id);
    else {
      tenant.hardDeleteChat(chat.id);
      goneAt.set(chat.id, Date.now());
    }
  }

  function pickProject(chat: Chat): string | null {
    const own = [...tenant.projects.values()].filter((project) => project.organizationUuid === chat.organizationUuid);
    return random.pick([null, ...own.map(({ id }) => id)]);
  }

  return { tenant, backfillStart: new Date(Math.floor(start / 1000) * 1000).toISOString(), goneAt, change };
}
