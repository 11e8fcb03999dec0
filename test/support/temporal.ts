import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, makeTelemetryFilterString, NativeConnection, Runtime } from '@temporalio/worker';

Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'ERROR' }) } },
});

const required = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: test/support/global-setup.ts did not run`);
  return value;
};

/** The server that the whole test run shares. */
export const address = required('TEST_TEMPORAL_ADDRESS');
export const workflowBundle = { codePath: required('TEST_WORKFLOW_BUNDLE') };

export async function connectClient(): Promise<Client> {
  return new Client({ connection: await Connection.connect({ address }) });
}

export const connectWorker = (): Promise<NativeConnection> => NativeConnection.connect({ address });
