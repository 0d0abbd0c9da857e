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

/** What a browser asks before a request to another origin, without credentials, where that is wanted. */
const isPreflight = (template: Template, routeKey: unknown): boolean =>
  String(routeKey).startsWith("OPTIONS ") &&
  ofType(template, "AWS::ApiGatewayV2::Api").some(([, { CorsConfiguration }]) => CorsConfiguration !== undefined);

/** No route is open, none takes requests without end, each request leaves a line and no payload. */
export function checkApi(template: Template): Finding[] {
  const routes = ofType(template, "AWS::ApiGatewayV2::Route").flatMap(([name, route]) => {
    const { AuthorizationType: type, AuthorizerId: authorizer, RouteKey } = route;
    const isClosed = type === "AWS_IAM" || (type === "JWT" && authorizer !== undefined);
    const message = `it is open: AuthorizationType ${String(type)}, AuthorizerId ${JSON.stringify(authorizer)}`;
    return unmet(name, [[isClosed || isPreflight(template, RouteKey), message]]);
  });
  const pages = ofType(template, "AWS::ApiGatewayV2::Api").flatMap(([name, { CorsConfiguration }]) => {
    const origins = fieldsOf(CorsConfiguration).AllowOrigins;
    return unmet(name, [[!JSON.stringify(origins ?? "").includes("*"), "pages of any origin may call it"]]);
  });
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
  return [...routes, ...pages, ...urls, ...stages];
}
