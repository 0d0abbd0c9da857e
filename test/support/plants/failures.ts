import { change, REMOVALS, type Row, STREAM, TO_A_QUEUE, without } from "./plant.ts";

export const FAILURES: readonly Row[] = [
  [
    "a queue without dead letters",
    ({ BusProjectorQueue }) => delete BusProjectorQueue.Properties.RedrivePolicy,
    ["BusProjectorQueue: it has no dead-letter queue"],
  ],
  [
    "a rule without dead letters",
    ({ BusProjectorRule }) => delete BusProjectorRule.Properties.Targets[0].DeadLetterConfig,
    ["BusProjectorRule: a target has no dead-letter queue"],
  ],
  [
    "a function whose failures nobody keeps, called by a rule and by a schedule",
    without("SnapshotterLambdaEvConf"),
    Array(2).fill("SnapshotterLambdaFunction: nobody keeps what it fails on when it is called by a rule"),
  ],
  [
    "a queue that the bus may not send to",
    ({ QueuesFromBus }) => QueuesFromBus.Properties.Queues.pop(),
    ["SnapshotterDeadLetters: the bus may not send to it"],
  ],
  [
    "a stream without a destination",
    change(STREAM, { DestinationConfig: undefined }),
    [`${STREAM}: it has no on-failure destination`],
  ],
  [
    "a stream whose destination loses the records",
    change(STREAM, { DestinationConfig: TO_A_QUEUE }),
    [`${STREAM}: its on-failure destination does not keep the records`],
  ],
  ["retries without end", change(STREAM, { MaximumRetryAttempts: -1 }), [`${STREAM}: it retries without end`]],
  [
    "retries for longer than the stream remembers",
    change(STREAM, { MaximumRecordAgeInSeconds: 86_400 }),
    [`${STREAM}: it retries until the stream has forgotten the record`],
  ],
  [
    "a batch that fails in one piece",
    change(STREAM, { BisectBatchOnFunctionError: false }),
    [`${STREAM}: it does not bisect a batch that failed`],
  ],
  [
    "a batch that fails as a whole",
    change(STREAM, { FunctionResponseTypes: [] }),
    [`${STREAM}: it does not report batch item failures`],
  ],
  [
    "a filter for something else",
    change(STREAM, { FilterCriteria: REMOVALS }),
    [`${STREAM}: it does not take inserts and nothing else`],
  ],
  [
    "a stream that does not count what it gives up",
    change(STREAM, { MetricsConfig: undefined }),
    [`${STREAM}: it does not count what it gives up`],
  ],
  ["a stream that is off", change(STREAM, { Enabled: false }), [`${STREAM}: it is not enabled`]],
];
