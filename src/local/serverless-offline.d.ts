declare module "serverless-offline/lambda" {
  interface LambdaInstance {
    setEvent(event: unknown): void;
    runHandler(): Promise<unknown>;
  }

  /** The part of serverless-offline's function pool that the local run calls. */
  export default class Lambda {
    constructor(serverless: unknown, options: object);
    create(functions: readonly { readonly functionKey: string; readonly functionDefinition: object }[]): void;
    get(functionKey: string): LambdaInstance;
    cleanup(): Promise<void>;
  }
}
