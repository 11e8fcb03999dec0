import { truth, type Tenant, type TrueMessage } from '../../simulator';
import type { ParsedRecord } from './parsed-record';

const sorted = (ids: string[]): string[] => ids.toSorted();

export interface Expectation {
  from?: string | undefined;
  to?: string | undefined;
  /** What the filters let pass; everything by default. */
  wanted?: ((message: TrueMessage) => boolean) | undefined;
  /** What is allowed to be missing. */
  mayMiss?: ((message: TrueMessage) => boolean) | undefined;
}

/** Fails with what is lost, doubled and foreign among the records, against every message of the tenant in the range. */
export function expectExactly(records: ParsedRecord[], tenant: Tenant, expectation: Expectation = {}): void {
  const { wanted = () => true, mayMiss = () => false, ...range } = expectation;
  const messages = truth(tenant, range).filter(wanted);
  const expected = new Set(messages.map((message) => message.id));
  const seen = new Set<string>();
  const doubled: string[] = [];
  for (const { id } of records) {
    if (seen.has(id)) doubled.push(id);
    seen.add(id);
  }
  const lost = messages.filter((message) => !seen.has(message.id) && !mayMiss(message)).map((message) => message.id);
  const foreign = [...seen].filter((id) => !expected.has(id));
  expect({ lost: sorted(lost), doubled: sorted(doubled), foreign: sorted(foreign) }).toEqual({
    lost: [],
    doubled: [],
    foreign: [],
  });
}

export const idsOf = (records: { id: string }[]): string[] => sorted(records.map((record) => record.id));
