import type { DeliveryActivities } from '../activities/types';
import { createDeliveryActivities } from '../activities/delivery-activities';
import { createFolderLog } from '../archive/folder-log';
import type { WorkerConfig } from '../config/config';
import { proxyOf } from '../config/proxy';
import { version } from '../version';
import type { Metrics } from './metrics';

/** A destination that this worker serves. */
export interface MadeDestination {
  name: string;
  activities: DeliveryActivities;
  close(): Promise<void>;
}

/** Makes the destinations that DESTINATIONS names, each with what it needs of libraries. Connects to none yet. */
export async function makeDestinations(
  config: Pick<WorkerConfig, 'destinations' | 'source' | 'folder' | 'environment' | 'settings' | 'readSigner'>,
  metrics: Metrics,
): Promise<MadeDestination[]> {
  const { destinations, source, environment } = config;
  const log = createFolderLog(config.folder, source, config.readSigner);
  const { ARCHIVE_KEEP: keepMs } = config.settings;
  const retention = keepMs === undefined ? null : { keepMs, destinations: destinations.map(({ name }) => name) };
  return Promise.all(
    destinations.map(async ({ name, prefix, definition, settings, secrets, limits, start }) => {
      const setting = { name, prefix, source, secrets, build: version, proxy: proxyOf(environment) };
      const destination = await definition.create(settings, setting);
      return {
        name,
        activities: createDeliveryActivities({ source, name, log, destination, limits, start, metrics, retention }),
        close: () => destination.close(),
      };
    }),
  );
}
