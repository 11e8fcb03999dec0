type TimeField = 'created_at' | 'updated_at';
/** RFC 3339 bounds, as `'updated_at.gte'`. */
type TimeBounds = { [bound in `${TimeField}.${'gt' | 'gte' | 'lt' | 'lte'}`]?: string | undefined };

/** Query of the chat list. Names, defaults and allowed combinations are the API's. */
export interface ChatQuery extends TimeBounds {
  limit?: number | undefined;
  /** The `last_id` of an answer under the same `order_by`. */
  after_id?: string | undefined;
  before_id?: string | undefined;
  order_by?: TimeField | undefined;
  'organization_ids[]'?: readonly string[] | undefined;
  'project_ids[]'?: readonly string[] | undefined;
  /** At most 10. */
  'user_ids[]'?: readonly string[] | undefined;
}

/** Query of a chat's messages. Without `limit` the server sends all of them in one answer. */
export interface MessageQuery extends TimeBounds {
  limit?: number | undefined;
  after_id?: string | undefined;
  before_id?: string | undefined;
  order?: 'asc' | 'desc' | undefined;
}

/** Query of the lists of organizations and users, which are paged by an opaque token. */
export interface PageQuery {
  limit?: number | undefined;
  /** The `next_page` of the answer before. */
  page?: string | undefined;
}

/** Every parameter that this client sends. */
const PARAMETERS = [
  ...['limit', 'page', 'after_id', 'order_by', 'order', 'organization_ids[]', 'user_ids[]'],
  ...['created_at.gte', 'created_at.lt', 'updated_at.gt', 'updated_at.gte'],
  ...['tool_result_max_chars', 'tool_use_input_max_chars'],
];

/** The first of our parameters that a text names. */
export function parameterIn(text: string): string | undefined {
  const found = PARAMETERS.flatMap((name) => {
    const at = text.indexOf(name);
    return at === -1 ? [] : [{ name, at }];
  });
  return found.sort((a, b) => a.at - b.at || b.name.length - a.name.length)[0]?.name;
}

type QueryValue = string | number | readonly string[] | undefined;

/** `?a=1&b[]=x&b[]=y`, or an empty text. A list is a repeated parameter; undefined values are left out. */
export function toQueryString(query: { readonly [name: string]: QueryValue }): string {
  const parameters = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().map((one) => `${encodeURIComponent(name)}=${encodeURIComponent(one)}`),
  );
  return parameters.length === 0 ? '' : `?${parameters.join('&')}`;
}

/**
 * Encodes an id as one path segment; null if that is impossible: `.` and `..` are path steps however they are encoded,
 * and a lone surrogate has no encoding.
 */
export function toPathSegment(id: string): string | null {
  if (id === '' || id === '.' || id === '..' || !isWellFormed(id)) return null;
  return encodeURIComponent(id);
}

function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}
