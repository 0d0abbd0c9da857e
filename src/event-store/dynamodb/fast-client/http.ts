/** The part of the SDK's request that is signed and sent. */
export interface HttpMessage {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number | undefined;
  readonly path: string;
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: string | Uint8Array | undefined;
}

/** An answer as the SDK takes it, with its body whole. */
export interface HttpAnswer {
  readonly statusCode: number;
  readonly reason?: string | undefined;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array;
}

/** Milliseconds; 0 or undefined: no limit. */
export interface ConnectionTimeouts {
  readonly requestTimeout?: number | undefined;
  readonly connectionTimeout?: number | undefined;
}

export interface HttpHandling {
  readonly abortSignal?: AbortSignal | undefined;
  readonly requestTimeout?: number | undefined;
}
