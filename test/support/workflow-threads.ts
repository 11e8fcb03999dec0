import type { Workflow } from '@temporalio/worker/lib/workflow/interface';
import { ThreadedVMWorkflowCreator } from '@temporalio/worker/lib/workflow/threaded-vm';

const start = ThreadedVMWorkflowCreator.create.bind(ThreadedVMWorkflowCreator);
const idle: ThreadedVMWorkflowCreator[] = [];
let isOver = false;

/**
 * To start a thread for workflows costs more than most syncs: a worker that ends leaves its thread, with no workflow in it,
 * to the next one of the test file.
 */
ThreadedVMWorkflowCreator.create = async (options) => {
  const thread = idle.pop() ?? (await start(options));
  const workflows: Workflow[] = [];
  const borrowed: Pick<ThreadedVMWorkflowCreator, 'createWorkflow' | 'destroy'> = {
    async createWorkflow(created) {
      const workflow = await thread.createWorkflow(created);
      workflows.push(workflow);
      return workflow;
    },
    async destroy() {
      await Promise.all(workflows.map((workflow) => workflow.dispose()));
      if (isOver) await thread.destroy();
      else idle.push(thread);
    },
  };
  return borrowed as ThreadedVMWorkflowCreator;
};

afterAll(async () => {
  isOver = true;
  await Promise.all(idle.splice(0).map((thread) => thread.destroy()));
});
