import type { Listing, Policy } from '../config/policy';
import type { Checkpoint, ListingMode } from '../domain/checkpoint';
import { beginning } from './checkpoint';
import { apiRefused } from './failures';
import type { ModeRefused } from './fetch-page';

/** The modes that each setting tries, in order: on to the next if the server answers 400 to a list's first page. */
const MODES: Readonly<Record<Listing, readonly [ListingMode, ...ListingMode[]]>> = {
  auto: ['organization', 'per-user'],
  organization: ['organization'],
  'per-user': ['per-user', 'per-user-by-creation'],
  'by-creation': ['organization-by-creation', 'per-user-by-creation'],
  'per-user-by-creation': ['per-user-by-creation'],
};

export const modeNames: Readonly<Record<ListingMode, string>> = {
  organization: 'organization-wide',
  'per-user': 'per user',
  'per-user-by-creation': 'per user in the order of creation',
  'organization-by-creation': 'organization-wide in the order of creation',
};

export const firstMode = ({ listing }: Policy): ListingMode => MODES[listing][0];

/**
 * The checkpoint in the next listing mode, from the window's start; chats in the archive are not requested again.
 *
 * @throws ApiRefused with the server's words about each mode, if it has refused them all.
 */
export function otherMode(policy: Policy, { mode, refusals: before }: Checkpoint, refused: ModeRefused): Checkpoint {
  const { message: reason, requestId } = refused;
  const refusals = [...before.filter((refusal) => refusal.mode !== mode), { mode, reason }];
  const next = MODES[policy.listing].find((candidate) => refusals.every((refusal) => refusal.mode !== candidate));
  const why = `the server refuses the ${modeNames[mode]} list: ${reason}`;
  if (next) return beginning(next, { fingerprint: policy.fingerprint, refusals, why });
  const said = refusals.map((refusal) => `${modeNames[refusal.mode]}: ${refusal.reason}`).join('; ');
  const remedy = policy.listing === 'organization' ? '; older servers list per user only: set LISTING=auto' : '';
  throw apiRefused(`${said}${remedy}`, requestId);
}
