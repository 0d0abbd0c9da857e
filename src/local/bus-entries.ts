/** An event as a rule sees it and a target receives it. */
export interface BusEvent {
  readonly version: "0";
  readonly id: string;
  readonly "detail-type": string;
  readonly source: string;
  readonly account: string;
  /** Whole seconds, as EventBridge delivers it. */
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface PutEventsEntry {
  readonly Source?: string;
  readonly DetailType?: string;
  readonly Detail?: string;
  readonly Resources?: readonly string[];
  readonly EventBusName?: string;
  /** Seconds since 1970. */
  readonly Time?: number;
  readonly TraceHeader?: string;
}

export interface EntryRefusal {
  readonly ErrorCode: string;
  readonly ErrorMessage: string;
}

/** @throws {ValidationException} for what AWS refuses as a whole */
export function checkRequest(entries: readonly PutEventsEntry[], maxBytes = MAX_REQUEST_BYTES): void {
  if (entries.length > MAX_ENTRIES) {
    throw new ValidationException(
      "1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length less than or equal to 10",
    );
  }
  if (entries.length === 0) {
    throw new ValidationException(
      "1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length greater than or equal to 1",
    );
  }
  if (entries.reduce((sum, entry) => sum + entryBytes(entry), 0) > maxBytes) {
    throw new ValidationException("Total size of the entries in the request is over the limit.");
  }
}

/** "Calculating Amazon EventBridge PutEvents event entry size". */
function entryBytes({ Time, Source, DetailType, Detail, Resources = [] }: PutEventsEntry): number {
  const resources = Resources.reduce((sum, resource) => sum + utf8(resource), 0);
  return (Time === undefined ? 0 : 14) + utf8(Source) + utf8(DetailType) + utf8(Detail) + resources;
}

/** The whole request is refused. */
export class ValidationException extends Error {
  override readonly name = "ValidationException";
}

export const MAX_ENTRIES = 10;
export const MAX_REQUEST_BYTES = 1024 * 1024;

const utf8 = (text: string | undefined): number => Buffer.byteLength(text ?? "", "utf8");

/** The event of an entry, or why the entry alone is refused. */
export function readEntry(
  entry: PutEventsEntry,
  { id, now, region }: { readonly id: string; readonly now: Date; readonly region: string },
): BusEvent | EntryRefusal {
  for (const field of ["Source", "DetailType", "Detail"] as const) if (!entry[field]) return required(field);
  const { Source = "", DetailType = "", Detail = "", Resources = [], Time } = entry;
  if (Source.startsWith("aws.")) {
    return { ErrorCode: "NotAuthorizedForSourceException", ErrorMessage: "Not authorized for the source." };
  }
  const detail = parseDetail(Detail);
  if (!detail) return { ErrorCode: "MalformedDetail", ErrorMessage: "Detail is malformed." };
  const time = Time === undefined ? now : new Date(Time * 1000);
  return {
    version: "0",
    id,
    "detail-type": DetailType,
    source: Source,
    account: "000000000000",
    time: time.toISOString().replace(/\.\d+Z$/, "Z"),
    region,
    resources: Resources,
    detail,
  };
}

const required = (field: string): EntryRefusal => ({
  ErrorCode: "InvalidArgument",
  ErrorMessage: `Parameter ${field} is not valid. Reason: ${field} is a required argument.`,
});

function parseDetail(detail: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(detail);
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

export const isRefusal = (read: BusEvent | EntryRefusal): read is EntryRefusal => "ErrorCode" in read;
