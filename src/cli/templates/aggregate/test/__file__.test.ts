import { test } from "@jest/globals";
import { rejected, stories } from "streamfold/testing";
import { __name__ } from "../src/aggregates/__file__.ts";

const { given } = stories(__name__);
const created = { eventType: "__Name__Created", eventData: { title: "First" } } as const;
const closed = { eventType: "__Name__Closed", eventData: {} } as const;

test("it is created once, and renamed", () => {
  given([])
    .when({ type: "Create__Name__", data: { title: "First" } })
    .then([created]);
  given([created])
    .when({ type: "Create__Name__", data: { title: "First" } })
    .then(rejected("__file__-exists"));
  given([created])
    .when({ type: "Rename__Name__", data: { title: "Second" } })
    .then([{ eventType: "__Name__Renamed", eventData: { title: "Second" } }]);
  given([created])
    .when({ type: "Rename__Name__", data: { title: "First" } })
    .then([]);
  given([])
    .when({ type: "Rename__Name__", data: { title: "First" } })
    .then(rejected("__file__-unknown"));
});

test("it is closed once, and does not change any more", () => {
  given([created]).when({ type: "Close__Name__", data: {} }).then([closed]);
  given([created, closed]).when({ type: "Close__Name__", data: {} }).then([]);
  given([created, closed])
    .when({ type: "Rename__Name__", data: { title: "x" } })
    .then(rejected("__file__-closed"));
});
