import { defineService } from "streamfold";
import { task } from "./aggregates/task.ts";
import { taskList } from "./projections/task-list.ts";

/** Everything else is derived from this: routes, functions, client, contract. The name is that in serverless.yml. */
export const service = defineService({
  name: "__service__",
  aggregates: { tasks: task },
  projections: [taskList],
});
