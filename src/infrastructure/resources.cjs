const { readFileSync } = require("node:fs");
const { join } = require("node:path");
const { parse } = require("yaml");

/**
 * The resources of a file beside this one, by their logical ids. CloudFormation's short forms (`!Ref`) lose their tags,
 * and nobody here looks at them.
 */
module.exports.resourcesOf = (file) =>
  Object.entries(parse(readFileSync(join(__dirname, file), "utf8"), { logLevel: "error" }).Resources);
