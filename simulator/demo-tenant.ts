import { createDemoPeople } from './demo-people';
import { demoAfternoon, demoHistory } from './demo-timeline';
import { createRandom } from './random';
import { Tenant, type TenantOptions } from './tenant';
import { toMicros, type TimeInput } from './timestamps';

export interface DemoTenantOptions extends TenantOptions {
  /** Thirty days of chats lie before it, new messages come after it; default: the clock's now. */
  readonly anchor?: TimeInput | undefined;
  /** How many chats the thirty days have; default 120, which the product reads in half a minute. */
  readonly chats?: number | undefined;
  /** How many messages each of them has, at least and at most. */
  readonly messagesPerChat?: readonly [number, number] | undefined;
  /** One chat more for each entry, with so many messages. */
  readonly bigChats?: readonly number[] | undefined;
}

/**
 * The demo: two small companies of fictitious people. What is there follows from seed and anchor alone,
 * and from how far the clock has come: the same tenant, seen later, has the same messages and some more.
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
