import { DefaultFailureConverter } from '@temporalio/common';

/** Puts each failure's message into a payload, for a codec to encode: in the worker and in the workflows' bundle. */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
