/** What the parameters of a stage may be. Everything that is off is told in one error, before anything is packaged. */

const oneOf = (...values) => ({ expected: `one of ${values.join(", ")}`, isFine: (text) => values.includes(text) });
const whole = (from, to) => ({
  expected: `an integer from ${from} to ${to}`,
  isFine: (text) => /^[1-9]\d*$|^0$/.test(text) && Number(text) >= from && Number(text) <= to,
});
const text = (pattern, expected) => ({ expected, isFine: (value) => pattern.test(value) });

const PARAMETERS = {
  prefix: text(/^[A-Za-z0-9_-]{3,48}$/, "3 to 48 letters, digits, dashes, underscores"),
  authorizer: oneOf("iam", "jwt"),
  jwtIssuer: text(/^https:\/\/\S+$/, "an https address"),
  jwtAudience: text(/^\S+$/, "a text without spaces"),
  userIdFrom: text(
    /^(auto|iam:identity|iam:role|iam:session|jwt:\S+)$/,
    "auto, iam:identity, iam:role, iam:session or jwt:CLAIM",
  ),
  readAll: text(/^\S*$/, "users and scopes, separated by commas"),
  operations: oneOf("on", "off"),
  operators: text(/^\S*$/, "users and scopes, separated by commas"),
  corsOrigins: text(
    /^(https?:\/\/[^\s,/*]+(,https?:\/\/[^\s,/*]+)*)?$/,
    "origins separated by commas, each with its scheme and without a path, such as https://shop.example.com",
  ),
  domainName: text(/^([a-z0-9-]+(\.[a-z0-9-]+)+)?$/, "a name such as api.example.com"),
  certificateArn: text(/^(arn:[\w-]+:acm:[\w-]+:\d{12}:certificate\/[\w-]+)?$/, "the ARN of a certificate"),
  kmsKeyArn: text(/^(arn:[\w-]+:kms:[\w-]+:\d{12}:key\/[\w-]+)?$/, "the ARN of a key, not of an alias"),
  alarms: oneOf("on", "off"),
  deletionProtection: oneOf("true", "false"),
  throttleRate: whole(1, 100_000),
  throttleBurst: whole(1, 100_000),
  parallelizationFactor: whole(1, 10),
  indexShards: whole(1, 100),
  billing: oneOf("on-demand", "provisioned"),
  minCapacity: whole(1, 40_000),
  maxCapacity: whole(1, 40_000),
  contributorInsights: oneOf("on", "off"),
  tracing: oneOf("on", "off"),
};

const NOT_SET = "https://issuer.example.com/";

function together({ authorizer, jwtIssuer, domainName, certificateArn, minCapacity, maxCapacity }) {
  const problems = [];
  if (authorizer === "jwt" && jwtIssuer === NOT_SET)
    problems.push("jwtIssuer: expected the address of your issuer beside authorizer=jwt, got nothing");
  if ((domainName === "") !== (certificateArn === ""))
    problems.push(
      `${domainName === "" ? "domainName" : "certificateArn"}: expected both domainName and certificateArn, or neither`,
    );
  if (Number(minCapacity) > Number(maxCapacity))
    problems.push(`minCapacity: expected at most maxCapacity (${maxCapacity}), got ${minCapacity}`);
  return problems;
}

/** Names of `--param name=value` on the command line. */
const given = ({ param }) => [param ?? []].flat().map((one) => String(one).split("=")[0]);

module.exports = async ({ options, resolveVariable }) => {
  const values = {};
  for (const name of Object.keys(PARAMETERS)) values[name] = String(await resolveVariable(`param:${name}`));
  const stages = Object.values((await resolveVariable("self:params")) ?? {});
  const names = new Set([...given(options), ...stages.flatMap((stage) => Object.keys(stage ?? {}))]);
  const unknown = [...names].filter((name) => !Object.hasOwn(PARAMETERS, name));
  const problems = [
    ...unknown.map((name) => `${name}: expected one of ${Object.keys(PARAMETERS).join(", ")}`),
    ...Object.entries(PARAMETERS).flatMap(([name, { expected, isFine }]) =>
      isFine(values[name]) ? [] : [`${name}: expected ${expected}, got ${values[name]}`],
    ),
    ...together(values),
  ];
  if (problems.length > 0) {
    const error = new Error(problems.join("; "));
    // The framework prints the stack, which says nothing to who typed a parameter.
    error.stack = error.message;
    throw error;
  }
  return values;
};
