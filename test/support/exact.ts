import { truth, type Tenant } from '../../simulator';
import type { MessageRecord } from '../../src/record';

const sorted = (ids: string[]): string[] => ids.toSorted();

/** Fails with what is lost, doubled and foreign among the records, against every message of the tenant in the range. */
export function expectExactly(
  records: MessageRecord[],
  tenant: Tenant,
  range: { from?: string; to?: string } = {},
): void {
  const expected = new Set(truth(tenant, range).map((message) => message.id));
  const seen = new Set<string>();
  const doubled: string[] = [];
  for (const { id } of records) {
    if (seen.has(id)) doubled.push(id);
    seen.add(id);
  }
  const lost = [...expected].filter((id) => !seen.has(id));
  const foreign = [...seen].filter((id) => !expected.has(id));
  expect({ lost: sorted(lost), doubled: sorted(doubled), foreign: sorted(foreign) }).toEqual({
    lost: [],
    doubled: [],
    foreign: [],
  });
}

export const idsOf = (records: { id: string }[]): string[] => sorted(records.map((record) => record.id));
