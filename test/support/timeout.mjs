import { jest } from "@jest/globals";

/** Milliseconds: whole services and engines start in these tests. */
jest.setTimeout(120_000);
