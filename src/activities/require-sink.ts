import { ApplicationFailure } from '@temporalio/common';
import { FailureType } from '../contract';
import type { Sink } from '../sinks/sink';

/** A sync stays with the sink it began with. @throws WrongSink, retried until a worker with that sink takes the task. */
export function requireSink(sink: Sink, name: string): void {
  if (sink.name === name) return;
  throw ApplicationFailure.create({
    type: FailureType.wrongSink,
    message: `this sync began with SINK=${name}, and this worker has SINK=${sink.name}: a worker with ${name} takes it over, or cancel the sync`,
  });
}
