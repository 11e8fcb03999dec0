import type { Chat } from './model';
import { createRandom } from './random';
import type { Tenant } from './tenant';

export interface LiveOptions {
  /** The tenant changes before every n-th answer. */
  readonly every: number;
  readonly seed?: string | number | undefined;
}

/** Changes the tenant at random while a client reads it. Call the returned function before each answer. */
export function createLiveMode(tenant: Tenant, { every, seed = 1 }: LiveOptions): () => void {
  const random = createRandom(`live ${seed}`);
  let requests = 0;

  const pickChat = (): Chat | undefined => {
    const entries = tenant.chatOrder.updated_at.entries();
    if (entries.length === 0) return undefined;
    // Half of the changes hit the ten chats that were changed last, half hit any chat.
    const oldest = random.chance(0.5) ? 0 : Math.max(0, entries.length - 10);
    const chat = entries[random.int(oldest, entries.length - 1)]?.item;
    return chat?.deletedAt === null ? chat : undefined;
  };

  const addChat = (): void => {
    const organizations = [...tenant.organizations.keys()];
    if (organizations.length === 0) return;
    const chat = tenant.addChat({ organizationUuid: random.pick(organizations), name: `Live chat ${random.id(6)}` });
    tenant.addMessage(chat.id, { content: `Live question ${random.id(6)}` });
  };

  const change = (): void => {
    const chat = pickChat();
    const what = random.next();
    if (!chat || what < 0.2) return addChat();
    if (what < 0.75) {
      for (let i = random.int(1, 3); i > 0; i--) tenant.addMessage(chat.id, { content: `Live text ${random.id(6)}` });
    } else if (what < 0.85) tenant.renameChat(chat.id, `${chat.name} (renamed ${random.id(4)})`);
    else if (what < 0.95) tenant.moveChat(chat.id, pickProject(chat));
    else if (what < 0.98) tenant.deleteChat(chat.id);
    else tenant.hardDeleteChat(chat.id);
  };

  const pickProject = (chat: Chat): string | null => {
    const others = [...tenant.projects.values()].filter(
      ({ id, organizationUuid }) => organizationUuid === chat.organizationUuid && id !== chat.projectId,
    );
    return others.length === 0 ? null : random.pick([null, ...others.map(({ id }) => id)]);
  };

  return () => {
    requests += 1;
    if (requests % every === 0) change();
  };
}
