import type { User } from './model';
import { createRandom } from './random';
import { Tenant, type TenantOptions } from './tenant';
import { toMicros, type TimeInput } from './timestamps';

export interface RandomTenantOptions extends TenantOptions {
  readonly organizations?: number | undefined;
  readonly usersPerOrganization?: number | undefined;
  readonly projectsPerOrganization?: number | undefined;
  readonly chats?: number | undefined;
  /** The number of messages of each chat, or the least and the most. */
  readonly messagesPerChat?: number | readonly [number, number] | undefined;
  /** The number of messages of each additional chat. */
  readonly bigChats?: readonly number[] | undefined;
  /** The span of all events; default September 2026. */
  readonly from?: TimeInput | undefined;
  readonly to?: TimeInput | undefined;
}

const WORDS = 'amber basil cedar delta ember fjord glade harbor indigo juniper kelp lumen maple nimbus'.split(' ');

/** Creates a random tenant, the same for the same options. @throws RangeError if `to` is before `from` */
export function createTenant(options: RandomTenantOptions = {}): Tenant {
  const {
    seed = 1,
    organizations = 1,
    usersPerOrganization = 5,
    projectsPerOrganization = 2,
    chats = 20,
    messagesPerChat = [1, 8],
    bigChats = [],
  } = options;
  const from = toMicros(options.from ?? '2026-09-01T00:00:00Z');
  const to = toMicros(options.to ?? '2026-10-01T00:00:00Z');
  if (to < from) throw new RangeError('`to` lies before `from`');

  const tenant = new Tenant(options);
  const random = createRandom(`tenant ${seed}`);
  const places = Array.from({ length: organizations }, () => {
    const { uuid } = tenant.addOrganization({ at: from / 1_000 });
    const users: User[] = [];
    for (let i = 0; i < usersPerOrganization; i++) users.push(tenant.addUser(uuid, { at: from / 1_000 }));
    const projectIds = Array.from({ length: projectsPerOrganization }, () => tenant.addProject(uuid).id);
    return { uuid, users, projectIds };
  });

  const addChat = (messages: number): void => {
    const { uuid, users, projectIds } = random.pick(places);
    const times = Array.from({ length: messages + 1 }, () => random.int(from, to)).sort((a, b) => a - b);
    const chat = tenant.addChat({
      organizationUuid: uuid,
      userId: users.length > 0 ? random.pick(users).id : null,
      projectId: projectIds.length > 0 && random.chance(0.4) ? random.pick(projectIds) : null,
      name: `${random.pick(WORDS)} ${random.pick(WORDS)} ${tenant.chats.size + 1}`,
      at: (times[0] ?? from) / 1_000,
    });
    for (const time of times.slice(1)) {
      tenant.addMessage(chat.id, { at: time / 1_000, content: `${random.pick(WORDS)} ${random.pick(WORDS)}` });
    }
  };

  const [least, most] = typeof messagesPerChat === 'number' ? [messagesPerChat, messagesPerChat] : messagesPerChat;
  for (let i = 0; i < chats; i++) addChat(random.int(least, most));
  for (const messages of bigChats) addChat(messages);
  return tenant;
}
