import type { WorkerConfig } from '../config/config';
import { proxyOf } from '../config/proxy';
import { DestinationError } from '../destinations/destination';
import { version } from '../version';
import { type Diagnosis, fail, failedBy, ok } from './diagnosis';

const LONGEST_MS = 30_000;

/** Tries what a delivery would need of each destination; none leaves anything there. */
export async function diagnoseDestinations({ destinations, source, environment }: WorkerConfig): Promise<Diagnosis[]> {
  return Promise.all(
    destinations.map(async ({ name, prefix, secrets, settings, definition }) => {
      const check = `destination ${name}`;
      const setting = { name, prefix, secrets, source, build: version, proxy: proxyOf(environment) };
      try {
        const destination = await definition.create(settings, setting);
        try {
          await destination.check(AbortSignal.timeout(LONGEST_MS));
        } finally {
          await destination.close();
        }
        return ok(check, `can be delivered to (${definition.guarantee})`);
      } catch (error) {
        if (error instanceof DestinationError) return failedBy(check, error);
        return fail(
          check,
          `did not answer within ${LONGEST_MS / 1000} s, or failed in a way that is not known`,
          'look at its settings and its own log',
        );
      }
    }),
  );
}
