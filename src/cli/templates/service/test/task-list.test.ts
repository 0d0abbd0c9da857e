import { test } from "@jest/globals";
import { projecting } from "streamfold/testing";
import { taskList } from "../src/projections/task-list.ts";

test("the list shows a task as it is now", async () => {
  const created = { eventType: "TaskCreated", eventData: { title: "Write" }, eventTime: "2026-01-01T10:00:00.000Z" };
  const closed = { eventType: "TaskClosed", eventData: {}, eventTime: "2026-01-01T11:00:00.000Z" };
  await projecting(taskList)
    .given([created])
    .projects({ title: "Write", status: "open", changedAt: "2026-01-01T10:00:00.000Z" });
  await projecting(taskList)
    .given([created, closed])
    .projects({ title: "Write", status: "closed", changedAt: "2026-01-01T11:00:00.000Z" });
});
