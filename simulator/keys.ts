import { ApiError } from './errors';

export type Scope = 'read:compliance_org_data' | 'read:compliance_user_data' | 'read:org_audit';

export interface KeySpec {
  readonly key: string;
  /** Default: everything but the newer `read:org_audit`. */
  readonly scopes?: readonly Scope[] | undefined;
  /** The key covers this organization only; default the whole tree. */
  readonly organizationUuid?: string | undefined;
  /** A key that was deactivated may be activated again; one that has expired may not. */
  readonly state?: 'active' | 'deactivated' | 'expired' | undefined;
}

/** A key that a request may use. `id` stands for it where the key itself must not be written. */
export interface Key {
  readonly id: string;
  readonly scopes: readonly Scope[];
  readonly organizationUuid: string | undefined;
  readonly state: 'active' | 'deactivated' | 'expired';
}

/** The key of the demo: obviously no secret. */
export const DEMO_KEY = 'sk-ant-api01-demo-key-for-fictitious-people';

/** How a Compliance Access Key begins. */
const KIND = 'sk-ant-api01-';

/** The Compliance Access Keys that are valid now. */
export class KeyRing {
  private readonly keys = new Map<string, Key>();
  private made = 0;

  /** Adds the key, or changes its scopes. */
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

  authenticate(header: string | string[] | undefined): Key {
    const key = this.keys.get(typeof header === 'string' ? header : '');
    if (key?.state === 'active') return key;
    if (key)
      throw new ApiError(401, key.state === 'expired' ? 'API key has expired.' : 'API key has been deactivated.');
    // No key, and a key of another kind, are answered as if there were no such path.
    if (typeof header !== 'string' || !header.startsWith(KIND)) throw new ApiError(404, 'Not found');
    throw new ApiError(401, 'API key is invalid.');
  }
}

/** Throws unless the key has one of the scopes. */
export function requireScope(key: Key, needed: readonly Scope[]): void {
  if (needed.some((scope) => key.scopes.includes(scope))) return;
  throw new ApiError(
    403,
    `The API key lacks a required scope. Got: [${key.scopes.join(', ')}] Needed one of: [${needed.join(', ')}]`,
  );
}
