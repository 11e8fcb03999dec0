import { installed } from '../../harness/servers/installed';
import type { Settings } from '../../harness/process-env';
import type { PlainSpec } from './plain/spec';
import { startOtlp, startSplunkHec } from './targets/collector';
import { startHttp } from './targets/http';
import { startOpenSearchTarget } from './targets/opensearch';
import { startPostgresTarget } from './targets/postgres';
import { startS3Target } from './targets/s3';
import type { Target } from './targets/target';

/** A destination that is added to an archive. */
export interface DeliveryScenario {
  readonly name: string;
  readonly destination: PlainSpec['kind'];
  readonly records: number;
  readonly isAcknowledged: boolean;
  /** Whether the promise is that nothing is doubled. */
  readonly isOnce: boolean;
  /** Null: its server is not at hand. */
  readonly start: ((folder: string) => Promise<Target>) | null;
}

const RECORDS = 300_000;
const QUICK_RECORDS = 3000;

type Start = (program: string, folder: string) => Promise<Target>;

/** One for each kind of destination that has a server. */
export function deliveriesOf({ quick }: { quick: boolean }): DeliveryScenario[] {
  const usual = { records: quick ? QUICK_RECORDS : RECORDS, isAcknowledged: false, isOnce: false };
  /** @param name Of the server. */
  const on = (name: string, start: Start): DeliveryScenario['start'] => {
    const program = installed(name);
    return program === undefined ? null : (folder) => start(program, folder);
  };
  const hec = (more: Settings): DeliveryScenario['start'] =>
    on('collector', (program, folder) => startSplunkHec(program, folder, more));
  return [
    { ...usual, name: 'deliver-http', destination: 'http', start: startHttp },
    {
      ...usual,
      name: 'deliver-postgres',
      destination: 'postgres',
      isOnce: true,
      start: on('postgres', startPostgresTarget),
    },
    { ...usual, name: 'deliver-s3', destination: 's3', isOnce: true, start: on('s3', startS3Target) },
    {
      ...{ name: 'deliver-opensearch', destination: 'opensearch', ...usual, isOnce: true },
      start: on('opensearch', startOpenSearchTarget),
    },
    { ...usual, name: 'deliver-otlp', destination: 'otlp', start: on('collector', startOtlp) },
    {
      ...{ ...usual, name: 'deliver-splunk-hec', destination: 'splunk-hec', isAcknowledged: true },
      start: hec({}),
    },
    {
      ...{ ...usual, name: 'deliver-splunk-hec-unacknowledged', destination: 'splunk-hec' },
      start: hec({ SPLUNK_HEC_ACK: 'off' }),
    },
  ];
}
