import { createDemoPeople } from './demo-people';
import { demoAfternoon, demoHistory } from './demo-timeline';
import { createRandom } from './random';
import { Tenant, type TenantOptions } from './tenant';
import { toMicros, type TimeInput } from './timestamps';

export interface DemoTenantOptions extends TenantOptions {
  /** The end of thirty days of chats and the start of new messages; default: now, by the clock. */
  readonly anchor?: TimeInput | undefined;
  /** The number of chats in the thirty days; default 120. */
  readonly chats?: number | undefined;
  /** The least and the most messages of each chat; default 7 and 13. */
  readonly messagesPerChat?: readonly [number, number] | undefined;
  /** The number of messages of each additional chat. */
  readonly bigChats?: readonly number[] | undefined;
}

/**
 * Creates a tenant of two small companies of fictitious people. Seed, anchor and clock determine all messages: at a
 * later time the same tenant has the same messages and some more.
 */
export function createDemoTenant(options: DemoTenantOptions = {}): Tenant {
  const { seed = 1, timestamps = { chats: 'seconds', messages: 'millis' }, clock = Date.now } = options;
  const anchor = Math.floor(toMicros(options.anchor ?? clock()) / 1_000);
  const random = createRandom(`demo ${seed} at ${anchor}`);
  const tenant = new Tenant({ seed: `demo ${seed}`, timestamps, clock });

  const people = createDemoPeople(tenant, anchor, random);
  const history = demoHistory(people, anchor, random, options);
  tenant.schedule(history.events);
  tenant.schedule(demoAfternoon(people, history.chats, anchor, random));
  tenant.advanceTo(Math.min(anchor, clock()));
  return tenant;
}
