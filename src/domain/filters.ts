import type { Policy } from '../config/policy';

/** Whose a chat is, as far as the API says. This file imports nothing at run time: workflows use it too. */
export interface Owner {
  /** `org_...`; deprecated, and absent from newer servers. */
  organizationId: string | null;
  /** UUID. */
  organizationUuid: string | null;
  projectId: string | null;
  userId: string | null;
}

export type Filters = Pick<Policy, 'organizationIds' | 'projectIds' | 'userIds'>;

export const isFiltered = ({ organizationIds, projectIds, userIds }: Filters): boolean =>
  organizationIds.length + projectIds.length + userIds.length > 0;

/** Whether the filters let a chat through. `unknown`: they name an `org_...` id, and the API gave a UUID only. */
export function passes(owner: Owner, { organizationIds, projectIds, userIds }: Filters): boolean | 'unknown' {
  if (projectIds.length > 0 && !projectIds.includes(canonicalProjectId(owner.projectId ?? ''))) return false;
  if (userIds.length > 0 && !userIds.includes(owner.userId ?? '')) return false;
  if (organizationIds.length === 0) return true;
  const ids = [owner.organizationId, owner.organizationUuid?.toLowerCase()];
  if (organizationIds.some((id) => ids.includes(id))) return true;
  return owner.organizationId === null && organizationIds.some((id) => id.startsWith('org_')) ? 'unknown' : false;
}

/** `proj_x` and `claude_proj_x` name the same project. */
const canonicalProjectId = (id: string): string => id.replace(/^proj_/, 'claude_proj_');
