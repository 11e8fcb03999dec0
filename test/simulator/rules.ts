import { startSimulator, Tenant, type Simulator, type SimulatorOptions, type TenantOptions } from '../../simulator';
import { ask, type Answer, type Body, type Item, type Request } from './ask';

/** What the answer must show: itself {@link inAWord}, some of its status, headers and body, or what {@link that} looks for. */
type Shown = string | { status?: number; headers?: object; body?: object } | Check;
interface Check {
  readonly check: (answer: Answer) => unknown;
}

/**
 * A rule of the API: requests, each followed by what its answer must show; and what happens before and between them.
 * `{last_id}` and the like stand for what the answer before says.
 */
export type Rule = readonly [rule: string, ...(string | Request | Shown | ((simulator: Simulator) => unknown))[]];

export const BAD = '400 invalid_request_error';
export const NOT_FOUND = '404 not_found_error';
export const that = (check: Check['check']): Check => ({ check });

/**
 * One test for each rule, with a server of its own: one of today with the {@link alphabet}, unless `server` says otherwise.
 * @param path Of the list whose queries the rules name.
 */
export function testRules(title: string, path: string, rules: readonly Rule[], server?: () => SimulatorOptions): void {
  it.each(rules)(`${title}: %s`, async (_, ...steps) => {
    const simulator = await startSimulator({ tenant: alphabet(), rateLimitPerMinute: Infinity, ...server?.() });
    try {
      let last: Answer | undefined;
      for (let step = steps.shift(); step !== undefined; step = steps.shift()) {
        if (typeof step === 'function') step(simulator);
        else {
          last = await ask(simulator, filledIn(step as string | Request, path, last));
          expectShown(last, steps.shift() as Shown);
        }
      }
    } finally {
      await simulator.close();
    }
  });
}

function filledIn(asked: string | Request, path: string, last: Answer | undefined): Request {
  const request = typeof asked === 'string' ? { path: asked } : asked;
  const said = (_: string, name: 'first_id' | 'last_id' | 'next_page'): string =>
    encodeURIComponent(last?.body[name] ?? '');
  const filled = request.path.replaceAll(/\{(\w+)\}/g, said);
  return { ...request, path: filled.startsWith('/') ? filled : `${path}?${filled}` };
}

function expectShown(answer: Answer, shown: Shown): void {
  if (typeof shown === 'string') expect(inAWord(answer)).toBe(shown);
  else if ('check' in shown) shown.check(answer);
  else expect({ ...answer, headers: Object.fromEntries(answer.headers) }).toMatchObject(shown);
}

/** The error, or the last letters of what the list holds (their number, where they are many), with `…` where there is more. */
function inAWord({ status, body }: { status: number; body: Partial<Body> }): string {
  if (status !== 200) return `${status} ${body.error?.type ?? ''}`;
  const items: readonly Partial<Item>[] = body.chat_messages ?? body.data ?? [];
  const letters = items.map(({ id, uuid }) => (id ?? uuid)?.at(-1)).join('');
  return `${items.length > 26 ? items.length : letters}${body.has_more ? '…' : ''}`;
}

export const [ONE, TWO] = ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002'];
/** Of the first message. */
export const NOON = Date.parse('2026-09-02T12:00:00Z');

/**
 * Chats `a` to `h`, created in this order, a second apart, and changed in the other. Users 1 and 2 take turns; the first four
 * are of organization 1, and every third is in a project. Chat `a` holds the messages `a` to `j`, a second apart.
 */
export function alphabet(options: TenantOptions = {}): Tenant {
  const tenant = new Tenant(options);
  const at = (seconds: number): number => NOON + seconds * 1000;
  tenant.addOrganization({ uuid: ONE, id: 'org_1', name: 'First', at: at(-200) });
  tenant.addOrganization({ uuid: TWO, id: 'org_2', name: 'Second', at: at(-199) });
  for (const number of [1, 2, 3, 4]) {
    const user = { id: `user_${number}`, email: `${number}@example.com`, fullName: `Person ${number}` };
    tenant.addUser(number < 4 ? ONE : TWO, { ...user, at: at(number) });
  }
  tenant.addProject(ONE, { id: 'claude_proj_1' });
  tenant.addProject(TWO, { id: 'claude_proj_2' });
  Array.from('abcdefgh').forEach((id, index) => {
    const organizationUuid = index < 4 ? ONE : TWO;
    const projectId = index % 3 > 0 ? null : index < 4 ? 'claude_proj_1' : 'claude_proj_2';
    tenant.addChat({ id, organizationUuid, userId: `user_${1 + (index % 2)}`, projectId, at: at(index - 100) });
    if (id !== 'a') tenant.addMessage(id, { at: at(-index) });
  });
  Array.from('abcdefghij').forEach((id, index) => tenant.addMessage('a', { id, at: at(index) }));
  return tenant;
}
