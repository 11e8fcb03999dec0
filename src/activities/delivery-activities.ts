import { cancellationSignal } from '@temporalio/activity';
import type { Log } from '../archive/log';
import type { Limits } from '../destinations/definition';
import { DestinationError, type Destination } from '../destinations/destination';
import { behind, deliver, type DeliverOptions } from '../delivery/deliver';
import { deliverRefused } from '../delivery/deliver-refused';
import { positionFile, resume, type Known } from '../delivery/positions';
import { applyRetention, type Retention } from '../delivery/retention';
import type { Position } from '../domain/delivery';
import type { Metrics } from '../worker/metrics';
import { destinationFailure } from './failures';
import { sayInHeartbeats } from './interceptor';
import type { DeliverRequest, DeliveryActivities } from './types';

/** A result moves what the workflow, and so `status`, knows. */
const LONGEST_MS = 30_000;
/** The pause after an attempt that got something through. */
const AFTER_PROGRESS_MS = 1000;

export interface DeliveryDependencies {
  source: string;
  name: string;
  log: Log;
  destination: Destination;
  limits: Limits | null;
  /** Where its settings say that it begins. */
  start: string | null;
  /** Null: parts are kept for ever. */
  retention?: Retention | null;
  metrics: Metrics;
}

/** The activities on a destination's queue: they read the archive, and never talk to the API. */
export function createDeliveryActivities(dependencies: DeliveryDependencies): DeliveryActivities {
  const { source, name, log, destination, limits, metrics, retention = null } = dependencies;

  function knownOf(request: DeliverRequest): DeliverRequest {
    // A rewind says where its epoch begins; the settings say it of the first one.
    return { ...request, start: request.epoch === 0 ? dependencies.start : request.start };
  }

  async function storedPositions(): Promise<(Position | null)[]> {
    const own = 'deliverPart' in destination ? undefined : destination.position;
    return [own ? await own() : null, await positionFile(log, name).read()];
  }

  return {
    async deliver(request) {
      const until = Date.now() + LONGEST_MS;
      const said = { records: 0 };
      sayInHeartbeats(said);
      const options: DeliverOptions = {
        ...{ source, name, log, destination, limits },
        known: knownOf(request),
        isOver: () => Date.now() >= until,
        signal: cancellationSignal(),
        observe(records) {
          said.records += records;
          metrics.delivered(name, records);
        },
      };
      try {
        const result = await deliver(options);
        if (retention && result.caughtUp) await applyRetention(log, retention, Date.now());
        return result;
      } catch (error) {
        if (!(error instanceof DestinationError)) throw error;
        // Temporal counts attempts, and would wait a minute for the twentieth, though each of them delivered something.
        const soonMs = said.records > 0 ? AFTER_PROGRESS_MS : undefined;
        throw destinationFailure(error, { details: await howFarBehind(options.known), soonMs });
      }
    },
    async deliverRefused(request) {
      if (limits === null || 'deliverPart' in destination) return { delivered: 0, refused: 0 };
      const { position } = await resume(log, await storedPositions(), knownOf(request));
      const signal = cancellationSignal();
      const result = await deliverRefused({ source, name, log, destination, limits, position, signal });
      metrics.delivered(name, result.delivered);
      return result;
    },
  };

  /** What a failed attempt tells of its backlog, for `status`. */
  async function howFarBehind(known: Known): Promise<object | undefined> {
    try {
      // Without asking the destination, which may be down.
      const { position } = await resume(log, [await positionFile(log, name).read()], known);
      return { behind: await behind(log, position) };
    } catch {
      return undefined;
    }
  }
}
