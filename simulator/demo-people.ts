import { PEOPLE } from './demo-texts';
import type { Random } from './random';
import type { Tenant } from './tenant';

const DAY_MS = 86_400_000;

export interface DemoCompany {
  readonly organizationUuid: string;
  readonly userIds: readonly string[];
  readonly projectIds: readonly string[];
}

const COMPANIES = [
  { name: 'Northwind Example GmbH', people: [0, 7], projects: 3 },
  { name: 'Contoso Sample Ltd', people: [7, 12], projects: 2 },
] as const;

/**
 * Adds the companies, users and projects to the tenant, over 300 days before the anchor. @param anchor ms since 1970
 */
export function createDemoPeople(tenant: Tenant, anchor: number, random: Random): DemoCompany[] {
  return COMPANIES.map(({ name, people: [start, end], projects }, index) => {
    const foundedAt = anchor - (400 - index * 50) * DAY_MS;
    const { uuid } = tenant.addOrganization({
      id: `org_${random.id()}`,
      uuid: random.uuid(),
      name,
      at: foundedAt,
    });
    const userIds = PEOPLE.slice(start, end).map((fullName, position) => {
      const user = tenant.addUser(uuid, {
        id: `user_${random.id()}`,
        email: address(fullName),
        fullName,
        role: position === 0 ? 'admin' : 'user',
        at: foundedAt + position * 3 * DAY_MS,
      });
      return user.id;
    });
    const projectIds = Array.from({ length: projects }, () => {
      return tenant.addProject(uuid, { id: `claude_proj_${random.id()}` }).id;
    });
    return { organizationUuid: uuid, userIds, projectIds };
  });
}

function address(fullName: string): string {
  const plain = fullName.normalize('NFD').replace(/\p{Mark}/gu, '');
  return `${plain.toLowerCase().replaceAll(' ', '.')}@example.com`;
}
