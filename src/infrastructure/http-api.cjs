/** What the API's parameters make of the gateway: who is let in, from which pages, under which name. */

const listOf = (text) => String(text).split(",").filter(Boolean);

const REQUEST_HEADERS = [
  "authorization",
  "content-type",
  "idempotency-key",
  "if-match",
  "if-none-match",
  "x-amz-content-sha256",
  "x-amz-date",
  "x-amz-security-token",
  "x-causation-id",
  "x-correlation-id",
];
const ANSWER_HEADERS = ["etag", "location", "retry-after", "x-correlation-id"];
const A_DAY = 86_400;

const corsOf = (origins) => ({
  allowedOrigins: origins,
  allowedMethods: ["GET", "HEAD", "POST"],
  allowedHeaders: REQUEST_HEADERS,
  exposedResponseHeaders: ANSWER_HEADERS,
  maxAge: A_DAY,
});

/** The framework's `provider.httpApi`. */
module.exports.provider = async ({ resolveVariable }) => {
  const origins = listOf(await resolveVariable("param:corsOrigins"));
  const cors = origins.length > 0 ? { cors: corsOf(origins) } : {};
  if ((await resolveVariable("param:authorizer")) !== "jwt") return cors;
  const jwt = {
    type: "jwt",
    identitySource: "$request.header.Authorization",
    issuerUrl: await resolveVariable("param:jwtIssuer"),
    audience: [await resolveVariable("param:jwtAudience")],
  };
  return { ...cors, authorizers: { jwt } };
};

const AUTHORIZERS = { iam: { type: "aws_iam" }, jwt: { name: "jwt" } };

/**
 * Every path to one function. A browser asks OPTIONS before a request to another origin, without credentials, and the
 * route that takes everything would refuse it; so OPTIONS has one of its own
 * (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html).
 */
module.exports.events = async ({ resolveVariable }) => {
  const authorizer = AUTHORIZERS[await resolveVariable("param:authorizer")];
  const all = { httpApi: { method: "*", path: "*", authorizer } };
  const isShared = listOf(await resolveVariable("param:corsOrigins")).length > 0;
  return isShared ? [all, { httpApi: { method: "OPTIONS", path: "/{proxy+}" } }] : [all];
};

/** The paths of the operations, behind the same authorizer. Methods by name: OPTIONS is answered as for all other paths. */
module.exports.operationsEvents = async ({ resolveVariable }) => {
  const authorizer = AUTHORIZERS[await resolveVariable("param:authorizer")];
  return ["GET", "POST"].map((method) => ({ httpApi: { method, path: "/operations/{proxy+}", authorizer } }));
};

/** A name of one's own in front of the API. The record in the DNS zone is the owner's: an alias of `ApiDomainTarget`. */
module.exports.domain = async ({ resolveVariable }) => {
  const domainName = String(await resolveVariable("param:domainName"));
  if (domainName === "") return {};
  const CertificateArn = await resolveVariable("param:certificateArn");
  return {
    Resources: {
      ApiDomain: {
        Type: "AWS::ApiGatewayV2::DomainName",
        Properties: {
          DomainName: domainName,
          DomainNameConfigurations: [{ CertificateArn, EndpointType: "REGIONAL", SecurityPolicy: "TLS_1_2" }],
        },
      },
      ApiDomainMapping: {
        Type: "AWS::ApiGatewayV2::ApiMapping",
        DependsOn: ["HttpApiStage"],
        Properties: { ApiId: { Ref: "HttpApi" }, DomainName: { Ref: "ApiDomain" }, Stage: "$default" },
      },
    },
    Outputs: {
      ApiDomainTarget: {
        Description: `What ${domainName} is an alias of`,
        Value: { "Fn::GetAtt": ["ApiDomain", "RegionalDomainName"] },
      },
      ApiDomainZone: {
        Description: "The hosted zone of that target, for an alias in Route 53",
        Value: { "Fn::GetAtt": ["ApiDomain", "RegionalHostedZoneId"] },
      },
    },
  };
};
