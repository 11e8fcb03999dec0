import { DEMO_KEY, type Block, type Simulator } from '../../simulator';

/** What the lists are made of; each test reads the fields that its list has. */
export interface Item {
  readonly id: string;
  readonly uuid: string;
  readonly name: string;
  readonly role: string;
  readonly created_at: string;
  readonly updated_at: string;
  readonly deleted_at: string | null;
  readonly organization_uuid: string;
  readonly project_id: string | null;
  readonly user: { readonly id: string } | null;
  readonly content: readonly Block[];
}

/** The fields of every answer together. */
export interface Body extends Item {
  readonly data: readonly Item[];
  readonly chat_messages: readonly Item[];
  readonly has_more: boolean;
  readonly first_id: string | null;
  readonly last_id: string | null;
  readonly next_page: string | null;
  readonly error: { readonly type: string; readonly message: string };
}

/** Stands for a string that a test need not know. */
export const ANY_STRING: unknown = expect.any(String);

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

export interface Request {
  /** Below /v1/compliance. */
  readonly path: string;
  /** Null sends none. */
  readonly key?: string | null;
  readonly method?: string;
  readonly version?: string;
}

/** Asks the simulator; a path alone is asked for with the demo's key. */
export async function ask(simulator: Simulator, request: string | Request): Promise<Answer> {
  const { path, key = DEMO_KEY, method = 'GET', version } = typeof request === 'string' ? { path: request } : request;
  const headers = { ...(key !== null && { 'x-api-key': key }), ...(version && { 'anthropic-version': version }) };
  const response = await fetch(`${simulator.url}/v1/compliance${path}`, { method, headers, redirect: 'manual' });
  return { status: response.status, headers: response.headers, body: (await response.json()) as Body };
}

/** Walks a list of chats to its end, by `after_id`. */
export async function walkChats(simulator: Simulator, query: string): Promise<Item[]> {
  const chats: Item[] = [];
  let cursor = '';
  for (;;) {
    const { status, body } = await ask(simulator, `/apps/chats?${query}${cursor}`);
    if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
    chats.push(...body.data);
    if (!body.has_more) return chats;
    cursor = `&after_id=${body.last_id}`;
  }
}

/** The ids in the order in which a list shows them. */
export function idsOf(items: readonly { readonly id: string }[]): string[] {
  return items.map(({ id }) => id);
}
