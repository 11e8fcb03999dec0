import type { ArchiveSpec } from '../made-archive';

/** An archive to verify. */
export interface VerificationScenario extends ArchiveSpec {
  readonly name: string;
}

const TEXT_BYTES = 1000;

export function verificationsOf({ quick }: { quick: boolean }): VerificationScenario[] {
  const few = (records: number): number => (quick ? records / 100 : records);
  return [
    { name: 'verify-100000', records: few(100_000), textBytes: TEXT_BYTES },
    { name: 'verify-1000000', records: few(1_000_000), textBytes: TEXT_BYTES },
    { name: 'verify-ids', records: few(10_000_000), textBytes: 0 },
  ];
}
