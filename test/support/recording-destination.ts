import {
  DestinationError,
  type Delivered,
  type Delivery,
  type RecordDestination,
} from '../../src/destinations/destination';

export interface Recording extends RecordDestination {
  /** What was taken, in order. */
  readonly deliveries: Delivery[];
  readonly ids: () => string[];
}

/** A destination that takes what `judge` does not throw at, or names as refused. */
export function recording(judge: (delivery: Delivery) => Delivered['refused'] | void = () => undefined): Recording {
  const deliveries: Delivery[] = [];
  const taken: string[] = [];
  return {
    deliveries,
    ids: () => taken,
    async deliver(delivery) {
      const refused = judge(delivery) ?? [];
      deliveries.push(delivery);
      const bad = new Set(refused.map(({ id }) => id));
      taken.push(...delivery.records.map(({ id }) => id).filter((id) => !bad.has(id)));
      return { refused };
    },
    check: async () => undefined,
    close: async () => undefined,
  };
}

export const idsOf = ({ records }: Delivery): string[] => records.map(({ id }) => id);

/** Refuses a delivery as a whole if it holds one of these. */
export const refusing =
  (bad: ReadonlySet<string>, answer: 'refused' | 'too-large' = 'refused') =>
  (delivery: Delivery): void => {
    if (idsOf(delivery).some((id) => bad.has(id))) throw new DestinationError('bad', 'does not take it', answer);
  };
