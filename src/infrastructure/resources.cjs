/**
 * The resources of a file beside this one, by their logical ids, read by the framework: it knows CloudFormation's short
 * forms (`!Ref`).
 */
module.exports.resourcesOf = async (file, resolveVariable) => {
  const folder = await resolveVariable("self:custom.streamfold.infrastructure");
  return Object.entries(await resolveVariable(`file(${folder}/${file}):Resources`));
};
