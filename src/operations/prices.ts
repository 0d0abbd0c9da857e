/** US dollars: list prices of us-east-1, on demand, without free tiers, as published in July 2025. Look yours up. */
export const PRICES = {
  asOf: "July 2025, us-east-1",
  writeUnits: 0.625 / 1e6,
  readUnits: 0.125 / 1e6,
  lambdaRequests: 0.2 / 1e6,
  /** Gigabyte-seconds on arm64. */
  lambdaGbSeconds: 0.0000133334,
  httpApiRequests: 1 / 1e6,
  busEvents: 1 / 1e6,
  queueRequests: 0.4 / 1e6,
  logGigabytes: 0.5,
} as const;
