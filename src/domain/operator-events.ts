import { z } from 'zod';
import { count, time } from './checkpoint';
import { verifiedSchema } from './verification';

const given = {
  /** Of the update that asked for it: the same one is written once, however often it is sent. */
  id: z.string(),
  time,
  /** So many that came before it were left out: the archive was away for long. */
  omitted: count.optional(),
};

/** What is done to a source, by an operator or a census; the archive's ledger keeps each. */
export const operatorEventShapes = {
  paused: { event: z.literal('paused'), ...given, reason: z.string() },
  resumed: { event: z.literal('resumed'), ...given, reason: z.string().optional() },
  rewound: {
    event: z.literal('rewound'),
    ...given,
    /** The timestamp before, and since. */
    from: time.nullable(),
    to: time,
    skip: z.boolean(),
    reason: z.string(),
  },
  /** The archive was compared with the API; `id` is the workflow's first run. */
  verified: { event: z.literal('verified'), ...given, ...verifiedSchema.shape },
};

export const operatorEventSchema = z.discriminatedUnion('event', [
  z.object(operatorEventShapes.paused),
  z.object(operatorEventShapes.resumed),
  z.object(operatorEventShapes.rewound),
  z.object(operatorEventShapes.verified),
]);
export type OperatorEvent = z.infer<typeof operatorEventSchema>;
