import { demoMessage, type Speciality } from './demo-messages';
import type { DemoCompany } from './demo-people';
import { TOPICS, type Topic } from './demo-texts';
import type { TenantEvent } from './model';
import type { Random } from './random';
import type { Tenant } from './tenant';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

type Event = TenantEvent<Tenant>;

/** Tells chats of the same topic apart. */
const NAME_ENDINGS = ['', '', ' (2)', ', second draft', ': follow-up', ' for Monday', ' / short version'];

interface DemoChat {
  readonly id: string;
  readonly company: DemoCompany;
  readonly userId: string | null;
  readonly projectId: string | null;
  readonly name: string;
  readonly topic: Topic;
  readonly speciality: Speciality;
  /** The number of messages planned so far. */
  turns: number;
}

/** The last event of a chat, after all messages. */
type Fate = 'renamed' | 'moved-in' | 'moved-out' | 'deleted' | 'hard-deleted' | 'author-removed';

/** Features of the first chats; later chats are ordinary. */
const SPECIAL_CHATS: readonly { speciality?: Speciality; fate?: Fate; authorless?: boolean }[] = [
  { speciality: 'tools' },
  { speciality: 'tools', fate: 'moved-in' },
  { speciality: 'unknown-blocks' },
  { speciality: 'attachments' },
  { speciality: 'silent' },
  { authorless: true },
  { fate: 'renamed' },
  { fate: 'moved-in' },
  { fate: 'moved-out' },
  { fate: 'deleted', speciality: 'attachments' },
  { fate: 'hard-deleted' },
  { fate: 'author-removed' },
];

/** Plans the thirty days before the anchor (ms since 1970). `chats` are those that may continue after it. */
export function demoHistory(
  companies: readonly DemoCompany[],
  anchor: number,
  random: Random,
  size: {
    readonly chats?: number | undefined;
    readonly messagesPerChat?: readonly [number, number] | undefined;
    readonly bigChats?: readonly number[] | undefined;
  },
): { events: Event[]; chats: DemoChat[] } {
  const { chats: count = 120, messagesPerChat = [7, 13], bigChats = [] } = size;
  const events: Event[] = [];
  const chats: DemoChat[] = [];
  const lengths = [...Array.from({ length: count }, () => random.int(...messagesPerChat)), ...bigChats];

  lengths.forEach((length, index) => {
    const { speciality = 'none', fate, authorless = false } = SPECIAL_CHATS[index] ?? {};
    const chat = planChat(companies, random, speciality, authorless, fate);
    const offsets = messageOffsets(speciality === 'silent' ? 0 : length, random);
    const duration = (offsets.at(-1) ?? 0) + 2 * HOUR_MS;
    const start = anchor - random.int(duration, 30 * DAY_MS - HOUR_MS);
    events.push(createEvent(chat, start));
    for (const offset of offsets) events.push(messageEvent(chat, start + offset, random));
    if (fate) events.push(fateEvent(chat, fate, start + duration - HOUR_MS));
    else if (index < count) chats.push(chat);
  });
  return { events: events.sort((a, b) => a.at - b.at), chats };
}

/** Yields the events after the anchor in order: a few messages a minute for a day, then some an hour for two months. */
export function* demoAfternoon(
  companies: readonly DemoCompany[],
  earlier: readonly DemoChat[],
  anchor: number,
  random: Random,
): Generator<Event> {
  const active = earlier.slice(-30);
  const fates: Fate[] = ['renamed', 'moved-in', 'deleted', 'hard-deleted'];
  let at = anchor;
  let nextFateAt = anchor + 5 * MINUTE_MS;
  while (at < anchor + 60 * DAY_MS) {
    at += at < anchor + DAY_MS ? random.int(5 * SECOND_MS, 35 * SECOND_MS) : random.int(MINUTE_MS, 9 * MINUTE_MS);
    if (active.length < 10 || random.chance(0.05)) {
      const chat = planChat(companies, random, 'none', false);
      active.push(chat);
      if (active.length > 30) active.shift();
      yield createEvent(chat, at);
      yield messageEvent(chat, at, random);
    } else yield messageEvent(random.pick(active), at, random);

    const fate = fates[0];
    if (at > nextFateAt && fate !== undefined) {
      const chat = active.shift();
      fates.shift();
      nextFateAt += 5 * MINUTE_MS;
      if (chat) yield fateEvent(chat, fate, at);
    }
  }
}

function planChat(
  companies: readonly DemoCompany[],
  random: Random,
  speciality: Speciality,
  authorless: boolean,
  fate?: Fate,
): DemoChat {
  const company = random.pick(companies);
  const topic = random.pick(TOPICS);
  const inProject = fate === 'moved-out' || (fate !== 'moved-in' && random.chance(0.35));
  // The last user of a company leaves during the demo, and is the author of no other chat.
  const author = fate === 'author-removed' ? company.userIds.at(-1) : random.pick(company.userIds.slice(0, -1));
  return {
    id: `claude_chat_${random.id()}`,
    company,
    userId: authorless ? null : (author ?? null),
    projectId: inProject ? random.pick(company.projectIds) : null,
    name: topic.name + random.pick(NAME_ENDINGS),
    topic,
    speciality,
    turns: 0,
  };
}

/** The times of a chat's messages, ms after its start. Every fourth chat has a pause of one or two days. */
function messageOffsets(count: number, random: Random): number[] {
  const pauseBefore = random.chance(0.25) ? 2 * random.int(1, 4) : -1;
  const longest = Math.min(4 * MINUTE_MS, (25 * DAY_MS) / Math.max(1, count));
  let offset = 0;
  return Array.from({ length: count }, (_, turn) => {
    if (turn === pauseBefore) offset += random.int(DAY_MS, 2 * DAY_MS);
    offset += random.int(Math.min(3 * SECOND_MS, longest / 2), longest);
    return Math.floor(offset);
  });
}

function createEvent(chat: DemoChat, at: number): Event {
  const { id, company, userId, projectId, name } = chat;
  const { organizationUuid } = company;
  return {
    at,
    apply: (tenant) => void tenant.addChat({ id, organizationUuid, userId, projectId, name, at }),
  };
}

function messageEvent(chat: DemoChat, at: number, random: Random): Event {
  const turn = chat.turns++;
  const id = `claude_chat_msg_${random.id()}`;
  const content = demoMessage(chat.topic, turn, chat.speciality, random);
  const role = turn % 2 === 0 ? 'user' : 'assistant';
  return changeEvent(chat, at, (tenant) => void tenant.addMessage(chat.id, { id, role, at, ...content }));
}

function fateEvent(chat: DemoChat, fate: Fate, at: number): Event {
  const project = chat.company.projectIds[0] ?? null;
  const happen: Record<Fate, (tenant: Tenant) => void> = {
    renamed: (tenant) => tenant.renameChat(chat.id, `${chat.name} – renamed`),
    'moved-in': (tenant) => tenant.moveChat(chat.id, project, at),
    'moved-out': (tenant) => tenant.moveChat(chat.id, null, at),
    deleted: (tenant) => tenant.deleteChat(chat.id, at),
    'hard-deleted': (tenant) => tenant.hardDeleteChat(chat.id),
    'author-removed': (tenant) => {
      if (chat.userId !== null) tenant.removeUser(chat.userId);
    },
  };
  return changeEvent(chat, at, happen[fate]);
}

/** An event that does nothing if the chat is deleted by then. */
function changeEvent(chat: DemoChat, at: number, apply: (tenant: Tenant) => void): Event {
  return {
    at,
    apply: (tenant) => {
      if (tenant.chats.get(chat.id)?.deletedAt === null) apply(tenant);
    },
  };
}
