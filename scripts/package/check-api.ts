import { type Finding, fieldsOf, ofType, type Template, unmet } from "./template.ts";

/** What of a request may stand in the access log: none of it is a payload or a query. */
const LOGGED =
  /^\$context\.(requestId|requestTime|httpMethod|path|status|responseLatency|responseLength|error\.message|authorizer\.error|integrationErrorMessage)$/;

function logsPayloads(format: unknown): boolean {
  if (typeof format !== "string") return false;
  return Object.values(JSON.parse(format) as Record<string, string>).some((value) => !LOGGED.test(value));
}

/** Requests a second: ten times the quota that an account begins with. */
const MOST_REQUESTS = 100_000;

const isThrottle = (value: unknown): boolean => Number(value) > 0 && Number(value) <= MOST_REQUESTS;

/** No route is open, none takes requests without end, each request leaves a line and no payload. */
export function checkApi(template: Template): Finding[] {
  const routes = ofType(template, "AWS::ApiGatewayV2::Route").flatMap(([name, { AuthorizationType, AuthorizerId }]) =>
    unmet(name, [
      [
        AuthorizationType === "AWS_IAM" || (AuthorizationType === "JWT" && AuthorizerId !== undefined),
        `it is open: AuthorizationType ${String(AuthorizationType)}, AuthorizerId ${JSON.stringify(AuthorizerId)}`,
      ],
    ]),
  );
  const urls = ofType(template, "AWS::Lambda::Url").flatMap(([name, { AuthType }]) =>
    unmet(name, [[AuthType === "AWS_IAM", `it is open: AuthType ${String(AuthType)}`]]),
  );
  const stages = ofType(template, "AWS::ApiGatewayV2::Stage").flatMap(([name, stage]) => {
    const settings = [stage.DefaultRouteSettings, ...Object.values(fieldsOf(stage.RouteSettings))].map(fieldsOf);
    const limits = settings.flatMap(({ ThrottlingRateLimit, ThrottlingBurstLimit }) => [
      ThrottlingRateLimit,
      ThrottlingBurstLimit,
    ]);
    const { Format } = fieldsOf(stage.AccessLogSettings);
    return unmet(name, [
      [limits.every(isThrottle), "it is not throttled"],
      [Format !== undefined, "it has no access log"],
      [!logsPayloads(Format), "its access log holds more than it may"],
    ]);
  });
  return [...routes, ...urls, ...stages];
}
