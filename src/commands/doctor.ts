import { createFolderArchive } from '../archive/folder-archive';
import { createFolderLog } from '../archive/folder-log';
import { createComplianceApi } from '../compliance-api/client';
import { createPacer } from '../compliance-api/pacer';
import { accessKeyOf } from '../config/access-key';
import { loadWorkerConfig, type WorkerConfig } from '../config/config';
import { ConfigError, type Environment } from '../config/environment';
import { policyOf } from '../config/policy';
import { proxyOf } from '../config/proxy';
import { diagnoseApi } from '../doctor/api';
import { diagnoseArchive } from '../doctor/archive';
import { diagnoseDestinations } from '../doctor/destinations';
import { type Diagnosis, fail, failedBy, ok, warn } from '../doctor/diagnosis';
import { diagnoseTemporal } from '../doctor/temporal';
import { createSource } from '../source';
import { connectClient } from '../temporal/connect';
import { temporalSettings } from '../temporal/settings';
import { version } from '../version';
import { print } from './session';

/** `doctor`: looks whether everything that a worker needs is there. Returns 1 if something is not. */
export async function doctorCommand(environment: Environment, options: { json?: boolean }): Promise<number> {
  const found: Diagnosis[] = [];
  const tell = (diagnoses: Diagnosis[]): void => {
    found.push(...diagnoses);
    if (!options.json) diagnoses.map(lineOf).forEach(print);
  };
  tell([ok('version', `${version}, on Node.js ${process.version}`)]);
  const config = configOf(environment, tell);
  if (config) {
    tell(await apiOf(config).catch((error: unknown) => [failedBy('key', error)]));
    const { folder, source } = config;
    tell(await diagnoseArchive(createFolderArchive({ dir: folder, source }), createFolderLog(folder, source), folder));
    tell(await diagnoseDestinations(config));
    tell(await temporalOf(environment, config).catch((error: unknown) => [failedBy('temporal', error)]));
  }
  const isWell = found.every(({ grade }) => grade !== 'fail');
  if (options.json) print(JSON.stringify({ well: isWell, checks: found }));
  return isWell ? 0 : 1;
}

function configOf(environment: Environment, tell: (diagnoses: Diagnosis[]) => void): WorkerConfig | null {
  try {
    const config = loadWorkerConfig(environment);
    tell(config.warnings.map((warning) => warn('settings', warning, 'see docs/reference.md, Settings')));
    tell([ok('settings', `are right, for source ${config.source}`)]);
    return config;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    tell(
      error.message
        .split('\n')
        .map((problem) => fail('settings', problem, 'the rest is looked at once the settings are right')),
    );
    return null;
  }
}

async function apiOf(config: WorkerConfig): Promise<Diagnosis[]> {
  const { settings, environment } = config;
  const { requestsPerSecond, workers } = policyOf(settings, version);
  const pacer = createPacer({ requestsPerSecond, workers });
  const api = createComplianceApi({
    baseUrl: settings.ANTHROPIC_BASE_URL,
    accessKey: accessKeyOf(settings),
    pacer,
    version,
    proxy: proxyOf(environment),
  });
  try {
    return await diagnoseApi({ api, listing: settings.LISTING, budgetRemaining: () => pacer.budgetRemaining() });
  } finally {
    await api.close();
  }
}

async function temporalOf(environment: Environment, { source, settings }: WorkerConfig): Promise<Diagnosis[]> {
  const temporal = temporalSettings(environment);
  const client = await connectClient(temporal);
  try {
    return await diagnoseTemporal(client, temporal, createSource(client, source), settings.WORKERS);
  } finally {
    await client.connection.close();
  }
}

const lineOf = ({ check, grade, says, remedy }: Diagnosis): string =>
  `${grade.padEnd(4)}  ${check}: ${says}${remedy === '' ? '' : `: ${remedy}`}`;
