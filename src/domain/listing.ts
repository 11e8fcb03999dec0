import type { ListingMode } from './checkpoint';

/** Whether one list has everybody's chats. */
export const isOrganizationWide = (mode: ListingMode): boolean =>
  mode === 'organization' || mode === 'organization-by-creation';
