import { DefaultFailureConverter } from '@temporalio/common';

/** Makes the message of each failure a payload, which a codec then encodes: in the worker, and in its workflows' bundle. */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
