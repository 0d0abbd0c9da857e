import type { CategoryPage, CategoryQuery } from "../../projections/category-tree.ts";
import type { CatalogQuery, CatalogRow } from "../../projections/product-catalog.ts";
import type { PriceHistoryRow } from "../../projections/product-price-history.ts";
import type { ActivityRow } from "../../projections/user-activity.ts";
import type { CommandContext } from "../aggregate/index.ts";
import type { EventStore } from "../event-store/index.ts";
import type { CategoryState, ProductState } from "../product/index.ts";
import type { ProjectionStatus } from "../projector/dynamodb/index.ts";
import type { Page, PageRequest, VersionedRow } from "../projector/index.ts";
import type { EnvelopeOptions } from "../publisher/index.ts";

/** The questions that the API answers from read models. */
export interface Queries {
  product(productId: string, atLeastVersion?: number): Promise<VersionedRow<CatalogRow> | undefined>;
  productVersion(productId: string): Promise<number>;
  priceHistoryVersion(productId: string): Promise<number>;
  products(query: CatalogQuery): Promise<Page<CatalogRow>>;
  priceHistory(productId: string, page: PageRequest<PriceHistoryRow>): Promise<Page<PriceHistoryRow>>;
  categories(query: CategoryQuery): Promise<CategoryPage>;
  activity(userId: string, page: PageRequest<ActivityRow>): Promise<Page<ActivityRow>>;
  projections(): Promise<ProjectionStatus[]>;
}

/** One line for the log, without payloads. */
export interface RequestLine {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly milliseconds: number;
  readonly correlationId: string;
  readonly detail?: string | undefined;
  /** Unexpected errors only. */
  readonly error?: Error | undefined;
}

export interface HttpDependencies {
  readonly store: EventStore;
  readonly products: CommandContext<ProductState>;
  readonly categories: CommandContext<CategoryState>;
  readonly queries: Queries;
  readonly clock: () => Date;
  readonly newId: () => string;
  /** Who asks, from what the platform says of the request; undefined is a 401. */
  readonly identify: (env: unknown, headers: Headers) => string | undefined;
  /** What who asks may do besides (see `mayReadActivity`). Default: nothing. */
  readonly scopesOf?: (env: unknown, headers: Headers) => readonly string[];
  /** How events are published: `/entities/{id}/published` shows them so. Default: as they are, without the user. */
  readonly publishing?: EnvelopeOptions;
  readonly log: (line: RequestLine) => void;
  /** Waits between looks at a read model that is behind. */
  readonly pause: (milliseconds: number) => Promise<void>;
}
