import { test } from "@jest/globals";
import { projecting } from "streamfold/testing";
import { __name__ } from "../src/projections/__file__.ts";

test("a row tells how often and when its __Of__ was changed", async () => {
  const event = {
    eventType: "__event__",
    eventData: __data__,
  };
  await projecting(__name__)
    .given([
      { ...event, eventTime: "2026-01-01T10:00:00.000Z" },
      { ...event, eventTime: "2026-01-01T11:00:00.000Z" },
    ])
    .projects({ changes: 2, changedAt: "2026-01-01T11:00:00.000Z" });
});
