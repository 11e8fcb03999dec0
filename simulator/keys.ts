import { ApiError } from './errors';

export type Scope = 'read:compliance_org_data' | 'read:compliance_user_data' | 'read:org_audit';

export interface KeySpec {
  readonly key: string;
  /** Default: everything but the newer `read:org_audit`. */
  readonly scopes?: readonly Scope[] | undefined;
  /** Restricts the key to this organization; default the whole tree. */
  readonly organizationUuid?: string | undefined;
  /** Default `active`; other states are refused with their own message. */
  readonly state?: 'active' | 'deactivated' | 'expired' | undefined;
}

/** A key with its defaults filled in. `id` replaces the key in logs. */
export interface Key {
  readonly id: string;
  readonly scopes: readonly Scope[];
  readonly organizationUuid: string | undefined;
  readonly state: 'active' | 'deactivated' | 'expired';
}

/** The default key; it is no secret. */
export const DEMO_KEY = 'sk-ant-api01-demo-key-for-fictitious-people';

/** The prefix of Compliance Access Keys. */
const PREFIX = 'sk-ant-api01-';

/** The known Compliance Access Keys. */
export class KeyRing {
  private readonly keys = new Map<string, Key>();
  private made = 0;

  /** Adds a key, or replaces the key with the same text. */
  set(spec: KeySpec): void {
    const {
      scopes = ['read:compliance_org_data', 'read:compliance_user_data'],
      organizationUuid,
      state = 'active',
    } = spec;
    const id = this.keys.get(spec.key)?.id ?? `key-${(this.made += 1)}`;
    this.keys.set(spec.key, { id, scopes, organizationUuid, state });
  }

  revoke(key: string): void {
    this.keys.delete(key);
  }

  /** @param header The header `x-api-key`. @throws ApiError 401 or 404 unless the key is active */
  authenticate(header: string | string[] | undefined): Key {
    const key = this.keys.get(typeof header === 'string' ? header : '');
    if (key?.state === 'active') return key;
    if (key)
      throw new ApiError(401, key.state === 'expired' ? 'API key has expired.' : 'API key has been deactivated.');
    // Without a key of this kind the API answers as if the path did not exist.
    if (typeof header !== 'string' || !header.startsWith(PREFIX)) throw new ApiError(404, 'Not found');
    throw new ApiError(401, 'API key is invalid.');
  }
}

/** @throws ApiError 403 unless the key has one of the scopes */
export function requireScope(key: Key, needed: readonly Scope[]): void {
  if (needed.some((scope) => key.scopes.includes(scope))) return;
  throw new ApiError(
    403,
    `The API key lacks a required scope. Got: [${key.scopes.join(', ')}] Needed one of: [${needed.join(', ')}]`,
  );
}
