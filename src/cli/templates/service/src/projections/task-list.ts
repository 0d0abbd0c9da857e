import { rowPerEntity } from "streamfold";
import * as z from "zod";
import { task } from "../aggregates/task.ts";

const row = z.object({
  title: z.string(),
  status: z.enum(["open", "closed"]),
  changedAt: z.string(),
});

/** A row for each task as it is now. */
export const taskList = rowPerEntity({
  name: "task-list",
  of: task,
  row,
  on: {
    TaskCreated: (_, { eventData: { title }, eventTime }) => ({ title, status: "open", changedAt: eventTime }),
    TaskRenamed: (row, { eventData: { title }, eventTime }) => row && { ...row, title, changedAt: eventTime },
    TaskClosed: (row, { eventTime }) => row && { ...row, status: "closed", changedAt: eventTime },
  },
  lists: { byTitle: ({ title, status }) => ({ partition: status, sort: title }) },
});
