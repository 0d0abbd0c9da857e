import type { ComponentChildren, TargetedKeyboardEvent } from "preact";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";

interface ListProps<T> {
  readonly items: readonly T[];
  readonly keyOf: (item: T) => string;
  readonly render: (item: T) => ComponentChildren;
  readonly rowHeight: number;
  readonly label: string;
  /** The key of the item that is shown beside the list. */
  readonly selected?: string | undefined;
  readonly onOpen: (item: T) => void;
  /** Told when the reader leaves the top of the list, and comes back to it. */
  readonly onLeaveTop?: (hasLeft: boolean) => void;
  /** Items that come above what is read do not push it down. */
  readonly isAnchored?: boolean;
  /** Below the last item. */
  readonly children?: ComponentChildren;
}

/**
 * A list of which only what is in sight is drawn. Focus stays on the list itself, so that no row that goes takes it
 * along: the arrow keys move, Enter opens.
 */
export function VirtualList<T>(props: ListProps<T>) {
  const { items, keyOf, render, rowHeight, label, selected, onOpen, onLeaveTop, isAnchored = false, children } = props;
  const frame = useRef<HTMLDivElement>(null);
  const id = useId();
  const [active, setActive] = useState<string>();
  const { from, to, onScroll } = useWindow(frame, { total: items.length, rowHeight, onLeaveTop });
  const first = items[0];
  useAnchor(frame, {
    rowHeight,
    isAnchored,
    first: first && keyOf(first),
    placeOf: (key) => items.findIndex((item) => keyOf(item) === key),
  });
  useFollow(frame, { selected, rowHeight, index: items.findIndex((item) => keyOf(item) === selected) });
  const activeKey = active ?? selected;
  const activeIndex = activeKey === undefined ? -1 : items.findIndex((item) => keyOf(item) === activeKey);

  const move = (index: number): void => {
    const bounded = Math.max(0, Math.min(items.length - 1, index));
    const item = items[bounded];
    if (!item) return;
    setActive(keyOf(item));
    scrollTo(frame.current, bounded * rowHeight, rowHeight);
  };
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLDivElement>): void => {
    const page = Math.floor((frame.current?.clientHeight ?? 0) / rowHeight);
    const target = targetOf(event.key, activeIndex, { page, last: items.length - 1 });
    const item = items[activeIndex];
    if (target !== undefined) move(target);
    else if ((event.key === "Enter" || event.key === " ") && item && event.target === event.currentTarget) onOpen(item);
    else return;
    event.preventDefault();
  };
  const shown = items.slice(from, to);
  const isActiveShown = activeIndex >= from && activeIndex < to;
  return (
    <div class="list-frame" ref={frame} onScroll={onScroll}>
      <div
        class="list"
        role="listbox"
        tabIndex={0}
        aria-label={label}
        aria-activedescendant={isActiveShown && activeKey !== undefined ? `${id}-${activeKey}` : undefined}
        onKeyDown={onKeyDown}
        style={{ height: `${items.length * rowHeight}px` }}
      >
        {shown.map((item, index) => {
          const key = keyOf(item);
          return (
            // biome-ignore lint/a11y/useFocusableInteractive: the list has the focus, and names its active row
            // biome-ignore lint/a11y/useKeyWithClickEvents: the list has the keys
            <div
              key={key}
              id={`${id}-${key}`}
              role="option"
              class={key === activeKey ? "row active" : "row"}
              aria-selected={key === selected}
              aria-posinset={from + index + 1}
              aria-setsize={items.length}
              style={{ transform: `translateY(${(from + index) * rowHeight}px)`, height: `${rowHeight}px` }}
              onClick={() => {
                setActive(key);
                onOpen(item);
              }}
            >
              {render(item)}
            </div>
          );
        })}
      </div>
      {children}
    </div>
  );
}

interface WindowOptions {
  readonly total: number;
  readonly rowHeight: number;
  readonly onLeaveTop: ((hasLeft: boolean) => void) | undefined;
}

/** Which rows are in sight. */
function useWindow(
  frame: { readonly current: HTMLDivElement | null },
  { total, rowHeight, onLeaveTop }: WindowOptions,
) {
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(600);
  const hasLeft = useRef(false);
  useLayoutEffect(() => setHeight(frame.current?.clientHeight ?? 600), [frame]);
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setHeight(element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, [frame]);
  const onScroll = (): void => {
    const scrolled = frame.current?.scrollTop ?? 0;
    setTop(Math.floor(scrolled / rowHeight));
    if (scrolled > rowHeight / 2 === hasLeft.current) return;
    hasLeft.current = !hasLeft.current;
    onLeaveTop?.(hasLeft.current);
  };
  const from = Math.max(0, Math.min(top, total - 1) - SPARE_ROWS);
  return { from, to: top + Math.ceil(height / rowHeight) + SPARE_ROWS, onScroll };
}

const SPARE_ROWS = 6;

interface AnchorOptions {
  readonly rowHeight: number;
  readonly isAnchored: boolean;
  readonly first: string | undefined;
  readonly placeOf: (key: string) => number;
}

/** Scrolls along with what is read, when something comes above it. */
function useAnchor(frame: { readonly current: HTMLDivElement | null }, options: AnchorOptions): void {
  const { rowHeight, isAnchored, first, placeOf } = options;
  const before = useRef(first);
  useLayoutEffect(() => {
    const element = frame.current;
    const pushed = before.current === undefined || before.current === first ? 0 : placeOf(before.current);
    before.current = first;
    if (isAnchored && element && pushed > 0 && element.scrollTop > rowHeight / 2)
      element.scrollTop += pushed * rowHeight;
  });
}

interface Bounds {
  readonly page: number;
  readonly last: number;
}

const targetOf = (key: string, index: number, { page, last }: Bounds): number | undefined =>
  ({ ArrowDown: index + 1, ArrowUp: index - 1, PageDown: index + page, PageUp: index - page, Home: 0, End: last })[key];

function scrollTo(element: HTMLDivElement | null, top: number, rowHeight: number): void {
  if (!element) return;
  if (top < element.scrollTop) element.scrollTop = top;
  const overflow = top + rowHeight - element.scrollTop - element.clientHeight;
  if (overflow > 0) element.scrollTop += overflow;
}

interface FollowOptions {
  readonly selected: string | undefined;
  readonly index: number;
  readonly rowHeight: number;
}

/** Brings an item into sight that was selected elsewhere, such as by an address or a slider. */
function useFollow(frame: { readonly current: HTMLDivElement | null }, options: FollowOptions): void {
  const { selected, index, rowHeight } = options;
  const isThere = index >= 0;
  useLayoutEffect(() => {
    if (isThere) scrollTo(frame.current, index * rowHeight, rowHeight);
  }, [selected, isThere]);
}
