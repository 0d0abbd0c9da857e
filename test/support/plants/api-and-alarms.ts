import { add, change, type Row, unseen, without } from "./plant.ts";

export const API: readonly Row[] = [
  [
    "an open route",
    change("HttpApiRouteDefault", { AuthorizationType: "NONE" }),
    ["HttpApiRouteDefault: it is open: AuthorizationType NONE, AuthorizerId undefined"],
  ],
  [
    "a token that nobody looks at",
    change("HttpApiRouteDefault", { AuthorizationType: "JWT" }),
    ["HttpApiRouteDefault: it is open: AuthorizationType JWT, AuthorizerId undefined"],
  ],
  [
    "an open route for OPTIONS though no page may call",
    add("Preflight", "AWS::ApiGatewayV2::Route", { RouteKey: "OPTIONS /{proxy+}" }),
    ["Preflight: it is open: AuthorizationType undefined, AuthorizerId undefined"],
  ],
  [
    "an API that any page may call",
    change("HttpApi", { CorsConfiguration: { AllowOrigins: ["*"] } }),
    ["HttpApi: pages of any origin may call it"],
  ],
  ["a door beside it", add("Door", "AWS::Lambda::Url", { AuthType: "NONE" }), ["Door: it is open: AuthType NONE"]],
  [
    "an API that takes everything",
    ({ HttpApiStage: { Properties } }) => {
      Properties.DefaultRouteSettings.ThrottlingRateLimit = 1e9;
    },
    ["HttpApiStage: it is not throttled"],
  ],
  [
    "a route that takes everything",
    change("HttpApiStage", { RouteSettings: { $default: { ThrottlingRateLimit: 1e6, ThrottlingBurstLimit: 1 } } }),
    ["HttpApiStage: it is not throttled"],
  ],
  [
    "an API without an access log",
    change("HttpApiStage", { AccessLogSettings: undefined }),
    ["HttpApiStage: it has no access log"],
  ],
  [
    "an API that logs too much",
    change("HttpApiStage", { AccessLogSettings: { Format: '{"query":"$request.querystring"}' } }),
    ["HttpApiStage: its access log holds more than it may"],
  ],
];

export const ALARMS: readonly Row[] = [
  [
    "errors unseen",
    without("PublisherErrors"),
    [unseen("PublisherLambdaFunction", "AWS/Lambda Errors FunctionName=PublisherLambdaFunction")],
  ],
  [
    "lag unseen",
    without("ProjectorIteratorAge"),
    [unseen("ProjectorLambdaFunction", "AWS/Lambda IteratorAge FunctionName=ProjectorLambdaFunction")],
  ],
  [
    "a table's throttling unseen, though that of its indexes is seen",
    without("EventsWritesThrottled"),
    [unseen("EventsTable", "AWS/DynamoDB WriteThrottleEvents TableName=EventsTable")],
  ],
  [
    "an index's throttling unseen",
    without("UserActionIndexWritesThrottled"),
    [
      unseen(
        "UserActionIndex",
        "AWS/DynamoDB WriteThrottleEvents GlobalSecondaryIndexName=UserActionIndex TableName=EventsTable",
      ),
    ],
  ],
  [
    "parked entities unseen",
    without("ParkedEntities"),
    [unseen("VitalsLambdaFunction", "Streamfold ParkedEntities service=ProductService-dev")],
  ],
  [
    "an alarm for another stage",
    ({ ReadModelLag: { Properties } }) => {
      Properties.Dimensions[0].Value = "ProductService";
    },
    [unseen("VitalsLambdaFunction", "Streamfold OldestWaitingSeconds service=ProductService-dev")],
  ],
  [
    "an alarm in the wrong namespace",
    change("ApiServerErrors", { Namespace: "AWS/Lambda" }),
    [unseen("HttpApi", "AWS/ApiGateway 5xx ApiId=HttpApi")],
  ],
  ["an alarm that nobody hears", change("Conflicts", { AlarmActions: [] }), ["Conflicts: nobody hears it"]],
  ["an alarm that is switched off", change("Conflicts", { ActionsEnabled: false }), ["Conflicts: nobody hears it"]],
  [
    "an alarm that rings when all is well",
    change("Conflicts", { ComparisonOperator: "LessThanThreshold" }),
    ["Conflicts: it does not ring when something is too high, or silent"],
  ],
  [
    "an alarm that waits for more than will ever be",
    change("ProjectorGaveUp", { Threshold: 1e12 }),
    ["ProjectorGaveUp: it waits for more than will ever be"],
  ],
  [
    "an alarm that cannot ring",
    change("Conflicts", { DatapointsToAlarm: 9 }),
    ["Conflicts: it wants more datapoints than it looks at"],
  ],
];
