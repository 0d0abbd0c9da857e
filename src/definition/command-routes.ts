import { type AnySchema, InvalidArgumentError, jsonSchemaOf } from "../event-store/index.ts";
import type { AnyAggregateDefinition } from "./aggregate.ts";

/** The route of one command. */
export interface CommandRoute {
  readonly collection: string;
  readonly aggregate: AnyAggregateDefinition;
  readonly command: string;
  /** `/products/{id}/change-price`; of the command that makes an entity `/products`. */
  readonly path: string;
  /** The field of the body that may hold the id of the entity that is made; undefined where the path has it. */
  readonly idField: string | undefined;
}

/** The name of a command without its aggregate's type at the end, as a method: `RenameProduct` is `rename`. */
export type MethodOf<Command extends string, Type extends string> = Uncapitalize<
  Command extends `${infer Verb}${Type}` ? (Verb extends "" ? Command : Verb) : Command
>;

/** The field for the id of an entity that is made: `productId`. */
export type IdFieldOf<Type extends string> = `${Uncapitalize<Type>}Id`;

/**
 * The routes of all commands: `ChangePrice` of a `Product` is `POST /products/{id}/change-price`, `RenameProduct` is
 * `POST /products/{id}/rename`, and the command that makes an entity is `POST /products`.
 *
 * @throws {InvalidArgumentError} for two commands of one route
 */
export function commandRoutes(aggregates: Readonly<Record<string, AnyAggregateDefinition>>): CommandRoute[] {
  const routes = Object.entries(aggregates).flatMap(([collection, aggregate]) =>
    Object.keys(aggregate.commands).map((command) => routeOf(collection, aggregate, command)),
  );
  const paths = new Map<string, CommandRoute>();
  for (const route of routes) {
    const before = paths.get(route.path);
    if (before)
      throw new InvalidArgumentError(
        `commands of ${route.aggregate.aggregateType}`,
        route.command,
        `another name: ${before.command} has the route ${route.path}`,
      );
    paths.set(route.path, route);
  }
  return routes;
}

function routeOf(collection: string, aggregate: AnyAggregateDefinition, command: string): CommandRoute {
  const { aggregateType, createdBy } = aggregate;
  if (command === createdBy) {
    const idField = `${uncapitalize(aggregateType)}Id`;
    if (hasField(aggregate.commands[command], idField))
      throw new InvalidArgumentError(
        `commands of ${aggregateType}: ${command}`,
        idField,
        "another field: the API takes this one for the entity's id",
      );
    return { collection, aggregate, command, path: `/${collection}`, idField };
  }
  const method = methodOf(command, aggregateType);
  if (method === "then")
    throw new InvalidArgumentError(
      `commands of ${aggregateType}`,
      command,
      "another name: a client with a method `then` would be a promise",
    );
  const path = `/${collection}/{id}/${kebabCase(method)}`;
  return { collection, aggregate, command, path, idField: undefined };
}

function methodOf(command: string, aggregateType: string): string {
  const hasType = command.endsWith(aggregateType) && command.length > aggregateType.length;
  return uncapitalize(hasType ? command.slice(0, -aggregateType.length) : command);
}

function hasField(schema: AnySchema, field: string): boolean {
  // JSON Schema has no form for some schemas, which zod's objects know the fields of.
  const { properties = (schema as { readonly shape?: object }).shape } = jsonSchemaOf(schema, "input") ?? {};
  return typeof properties === "object" && properties !== null && Object.hasOwn(properties, field);
}

const uncapitalize = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

/** `changePrice` is `change-price`. */
export const kebabCase = (name: string): string => name.replace(/([a-z0-9])([A-Z])/g, "$1-$2").toLowerCase();
