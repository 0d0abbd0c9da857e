import { z } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { describeService, type OperationsContext } from "../operations/index.ts";
import { OPERATE_SCOPE } from "./access.ts";
import { type BareDependencies, createBareApp } from "./bare-app.ts";
import type { HttpDependencies } from "./dependencies.ts";
import { addOperationsActions } from "./operations-actions.ts";
import { addLiveStream } from "./operations-live.ts";
import { addOperationsQueries } from "./operations-queries.ts";
import { ForbiddenError } from "./problem.ts";
import { queryRoute } from "./query.ts";
import { type App, identityOf } from "./request.ts";

export interface OperationsDependencies extends BareDependencies, Pick<HttpDependencies, "identify" | "scopesOf"> {
  readonly operations: OperationsContext;
}

/**
 * What the console works with, under `/operations`: the service's description, events, entities, rows, parked entities,
 * and what is done to read models. For callers with the scope `streamfold/operate` only.
 */
export function createOperationsApp(dependencies: OperationsDependencies): App {
  const { operations } = dependencies;
  const app = createBareApp(dependencies);
  app.use(mayOperate(dependencies));
  app.openapi(queryRoute("/operations/service", "What the service declares", z.strictObject({})), (context) =>
    context.json(describeService(operations.service), 200),
  );
  addOperationsQueries(app, operations);
  addOperationsActions(app, operations);
  addLiveStream(app, operations);
  return app;
}

const mayOperate =
  (dependencies: OperationsDependencies): MiddlewareHandler =>
  async (context, next) => {
    const { userId, scopes } = identityOf(context, dependencies);
    if (!scopes.includes(OPERATE_SCOPE)) throw new ForbiddenError(`${userId} may not operate this service`);
    await next();
  };
