import { defineQuery, defineRowQuery, pageParameters } from "streamfold/lambda";
import { taskList } from "./projections/task-list.ts";

const tasks = defineQuery({
  path: "/tasks",
  summary: "Open tasks by title",
  of: taskList,
  parameters: pageParameters,
  answer: (rows, { parameters }) => rows.list("byTitle", "open", parameters),
});

const task = defineRowQuery({ path: "/tasks/{id}", summary: "One task", of: taskList });

/** The queries of the API; its commands come from the aggregates. */
export const queries = [tasks, task];
