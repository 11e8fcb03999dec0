import type { Block, Chat, Member, Message, Organization, Project, TenantEvent, User } from './model';
import { createRandom } from './random';
import { comparePositions, indexAfter, SortedIndex, type Entry } from './sorted-index';
import { cutTo, toMicros, type Micros, type Precision, type TimeInput } from './timestamps';

/** The precision of the server's timestamps. */
export type Timestamps = Precision | { readonly chats: Precision; readonly messages: Precision };

export interface TenantOptions {
  /** Determines ids and cursors; default 1. */
  readonly seed?: string | number | undefined;
  readonly timestamps?: Timestamps | undefined;
  /** The time of changes without `at`, ms since 1970; default `Date.now`. */
  readonly clock?: (() => number) | undefined;
}

export interface NewChat {
  readonly id?: string | undefined;
  /** Default: the first organization. */
  readonly organizationUuid?: string | undefined;
  /** Default: the organization's first member. */
  readonly userId?: string | null | undefined;
  readonly projectId?: string | null | undefined;
  readonly name?: string | undefined;
  readonly model?: string | null | undefined;
  readonly at?: TimeInput | undefined;
  readonly extra?: Readonly<Record<string, unknown>> | undefined;
}

export interface NewMessage {
  readonly id?: string | undefined;
  /** Default: user and assistant in turn. */
  readonly role?: string | undefined;
  /** A string becomes one text block. */
  readonly content?: string | readonly Block[] | undefined;
  readonly files?: readonly object[] | null | undefined;
  readonly generatedFiles?: readonly object[] | null | undefined;
  readonly artifacts?: readonly object[] | null | undefined;
  readonly extra?: Readonly<Record<string, unknown>> | undefined;
  /** When the message reaches the chat; sets the chat's updated_at. */
  readonly at?: TimeInput | undefined;
  /** Default `at`; another time contradicts the chat's updated_at. */
  readonly createdAt?: TimeInput | undefined;
}

/**
 * The users, chats and messages behind a server, and all changes of them. The tenant cuts times to its precision when
 * it stores them, so that sorting and bounds use the times that a client sees. Methods throw Error for an unknown id.
 */
export class Tenant {
  readonly seed: string;
  readonly precision: { readonly chats: Precision; readonly messages: Precision };
  clock: () => number;

  readonly users = new Map<string, User>();
  readonly projects = new Map<string, Project>();
  readonly chats = new Map<string, Chat>();
  /** Hard-deleted chats, as they were before. */
  readonly hardDeletedChats = new Map<string, Chat>();
  readonly organizations = new Map<string, Organization>();
  readonly organizationOrder = new SortedIndex<Organization>((o) => o.createdAt);
  readonly chatOrder = {
    created_at: new SortedIndex<Chat>((chat) => chat.createdAt),
    updated_at: new SortedIndex<Chat>((chat) => chat.updatedAt),
  };

  private readonly chatsByUser = new Map<string, SortedIndex<Chat>>();
  private readonly memberOrder = new Map<string, SortedIndex<Member>>();
  private readonly memberships = new Map<string, Map<string, Member>>();
  private readonly random;
  private readonly schedules: { readonly rest: Iterator<TenantEvent<Tenant>>; next: TenantEvent<Tenant> }[] = [];

  constructor(options: TenantOptions = {}) {
    const { seed = 1, timestamps = 'millis', clock = Date.now } = options;
    this.seed = String(seed);
    this.precision = typeof timestamps === 'string' ? { chats: timestamps, messages: timestamps } : timestamps;
    this.clock = clock;
    this.random = createRandom(`ids of ${this.seed}`);
  }

  addOrganization(from: { name?: string; uuid?: string; id?: string; at?: TimeInput } = {}): Organization {
    const organization = {
      id: from.id ?? `org_${this.random.id()}`,
      uuid: from.uuid ?? this.random.uuid(),
      name: from.name ?? `Organization ${this.organizations.size + 1}`,
      createdAt: this.chatTime(from.at),
    };
    this.organizations.set(organization.uuid, organization);
    this.organizationOrder.touch(organization);
    this.memberOrder.set(organization.uuid, new SortedIndex((member) => member.user.createdAt));
    this.memberships.set(organization.uuid, new Map());
    return organization;
  }

  addUser(
    organizationUuid: string,
    from: { id?: string; email?: string; fullName?: string; role?: string; at?: TimeInput } = {},
  ): User {
    const number = this.users.size + 1;
    const user = {
      id: from.id ?? `user_${this.random.id()}`,
      email: from.email ?? `person.${number}@example.com`,
      fullName: from.fullName ?? `Person ${number}`,
      createdAt: this.chatTime(from.at),
    };
    this.users.set(user.id, user);
    this.addMember(organizationUuid, user.id, from.role);
    return user;
  }

  /** Adds an existing user to a further organization. */
  addMember(organizationUuid: string, userId: string, role = 'user'): void {
    const member = { id: userId, user: get(this.users, userId, 'user'), role };
    get(this.memberships, organizationUuid, 'organization').set(userId, member);
    get(this.memberOrder, organizationUuid, 'organization').touch(member);
  }

  /** Removes the user from one or all organizations; the user's chats stay. */
  removeUser(userId: string, organizationUuid?: string): void {
    get(this.users, userId, 'user');
    for (const uuid of organizationUuid === undefined ? this.memberships.keys() : [organizationUuid]) {
      const members = get(this.memberships, uuid, 'organization');
      const member = members.get(userId);
      if (!member) continue;
      members.delete(userId);
      get(this.memberOrder, uuid, 'organization').remove(member);
    }
  }

  isMember(organizationUuid: string, userId: string): boolean {
    return this.memberships.get(organizationUuid)?.has(userId) ?? false;
  }

  /** The members in order of the users' creation; undefined for an unknown organization. */
  members(organizationUuid: string): SortedIndex<Member> | undefined {
    return this.memberOrder.get(organizationUuid);
  }

  /** The chats of some users, in order of creation. */
  chatsOf(userIds: readonly string[]): readonly Entry<Chat>[] {
    const found = [...new Set(userIds)].map((userId) => this.chatsByUser.get(userId)?.entries() ?? []);
    return found.flat().sort(comparePositions);
  }

  addProject(organizationUuid: string, from: { id?: string } = {}): Project {
    get(this.organizations, organizationUuid, 'organization');
    const project = { id: from.id ?? `claude_proj_${this.random.id()}`, organizationUuid };
    this.projects.set(project.id, project);
    return project;
  }

  addChat(from: NewChat = {}): Chat {
    const organizationUuid = from.organizationUuid ?? first(this.organizations.keys());
    if (organizationUuid === undefined) throw new Error('a chat needs an organization');
    const members = get(this.memberships, organizationUuid, 'organization');
    if (from.userId != null) get(this.users, from.userId, 'user');
    if (from.projectId != null) get(this.projects, from.projectId, 'project');
    const createdAt = this.chatTime(from.at);
    const chat: Chat = {
      id: from.id ?? `claude_chat_${this.random.id()}`,
      organizationUuid,
      userId: from.userId === undefined ? (first(members.keys()) ?? null) : from.userId,
      projectId: from.projectId ?? null,
      name: from.name ?? `Chat ${this.chats.size + 1}`,
      model: from.model === undefined ? 'claude-opus-4-5' : from.model,
      createdAt,
      updatedAt: createdAt,
      deletedAt: null,
      messages: [],
      extra: from.extra ?? {},
    };
    if (this.chats.has(chat.id)) throw new Error(`chat ${chat.id} is already there`);
    this.chats.set(chat.id, chat);
    this.ordersByCreation(chat).forEach((order) => order.touch(chat));
    this.chatOrder.updated_at.touch(chat);
    return chat;
  }

  addMessage(chatId: string, from: NewMessage = {}): Message {
    const chat = this.liveChat(chatId);
    const { content = `Message ${chat.messages.length + 1}` } = from;
    const message: Message = {
      id: from.id ?? `claude_chat_msg_${this.random.id()}`,
      role: from.role ?? (chat.messages.length % 2 === 0 ? 'user' : 'assistant'),
      createdAt: cutTo(this.precision.messages, toMicros(from.createdAt ?? from.at ?? this.clock())),
      content: typeof content === 'string' ? [{ type: 'text', text: content }] : content,
      files: from.files ?? null,
      generatedFiles: from.generatedFiles ?? null,
      artifacts: from.artifacts ?? null,
      extra: from.extra ?? {},
    };
    const { messages } = chat;
    const last = messages.at(-1);
    if (!last || comparePositions(position(last), position(message)) < 0) messages.push(message);
    else messages.splice(indexAfter(messages.map(position), position(message)), 0, message);
    this.moveUpdatedAt(chat, from.at ?? from.createdAt);
    return message;
  }

  /** Renames a chat, which does not change its updated_at. */
  renameChat(chatId: string, name: string): void {
    this.liveChat(chatId).name = name;
  }

  moveChat(chatId: string, projectId: string | null, at?: TimeInput): void {
    const chat = this.liveChat(chatId);
    if (projectId !== null) get(this.projects, projectId, 'project');
    chat.projectId = projectId;
    this.moveUpdatedAt(chat, at);
  }

  /** Deletes a chat as a user in claude.ai does: it stays listed without content. */
  deleteChat(chatId: string, at?: TimeInput): void {
    const chat = this.liveChat(chatId);
    chat.deletedAt = this.chatTime(at);
    this.moveUpdatedAt(chat, at);
  }

  /** Deletes a chat for good, as the API or a retention rule does. */
  hardDeleteChat(chatId: string): void {
    const chat = get(this.chats, chatId, 'chat');
    this.chats.delete(chatId);
    this.hardDeletedChats.set(chatId, chat);
    this.ordersByCreation(chat).forEach((order) => order.remove(chat));
    this.chatOrder.updated_at.remove(chat);
  }

  /** Sets updated_at to any time, also back, which a correct server never does. */
  setUpdatedAt(chatId: string, at: TimeInput): void {
    const chat = get(this.chats, chatId, 'chat');
    chat.updatedAt = this.chatTime(at);
    this.chatOrder.updated_at.touch(chat);
  }

  /** Adds events, ascending by time and possibly endless, for `advanceTo`. */
  schedule(events: Iterable<TenantEvent<Tenant>>): void {
    const rest = events[Symbol.iterator]();
    const step = rest.next();
    if (step.done !== true) this.schedules.push({ rest, next: step.value });
  }

  /** Applies all scheduled events up to `now`, ms since 1970. */
  advanceTo(now: number): void {
    for (;;) {
      const due = this.schedules.filter(({ next }) => next.at <= now).sort((a, b) => a.next.at - b.next.at)[0];
      if (!due) return;
      const event = due.next;
      const step = due.rest.next();
      if (step.done === true) this.schedules.splice(this.schedules.indexOf(due), 1);
      else due.next = step.value;
      event.apply(this);
    }
  }

  private ordersByCreation(chat: Chat): SortedIndex<Chat>[] {
    if (chat.userId === null) return [this.chatOrder.created_at];
    let own = this.chatsByUser.get(chat.userId);
    if (!own) this.chatsByUser.set(chat.userId, (own = new SortedIndex(({ createdAt }) => createdAt)));
    return [this.chatOrder.created_at, own];
  }

  private chatTime(at: TimeInput = this.clock()): Micros {
    return cutTo(this.precision.chats, toMicros(at));
  }

  private moveUpdatedAt(chat: Chat, at: TimeInput | undefined): void {
    chat.updatedAt = Math.max(chat.updatedAt, this.chatTime(at));
    this.chatOrder.updated_at.touch(chat);
  }

  private liveChat(chatId: string): Chat {
    const chat = get(this.chats, chatId, 'chat');
    if (chat.deletedAt !== null) throw new Error(`chat ${chatId} was deleted`);
    return chat;
  }
}

function position(message: Message): { key: number; id: string } {
  return { key: message.createdAt, id: message.id };
}

function first<T>(items: Iterable<T>): T | undefined {
  for (const item of items) return item;
  return undefined;
}

function get<T>(map: ReadonlyMap<string, T>, key: string, what: string): T {
  const value = map.get(key);
  if (value === undefined) throw new Error(`there is no ${what} ${key}`);
  return value;
}
