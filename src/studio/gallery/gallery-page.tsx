import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { capitalize } from '../ui/format.ts';
import { useGallery, useGalleryActions } from './context.tsx';
import { FILTERS, type Filter, matching, rowsOf } from './gallery.ts';
import { GalleryCard } from './gallery-card.tsx';
import { SelectionBar } from './selection-bar.tsx';
import './gallery.css';

const FILTER_LABELS: Readonly<Record<Filter, string>> = {
  all: 'All',
  starred: 'Starred',
  edits: 'Edits',
  mixes: 'From pictures',
  rounds: 'With rounds',
};

/** Width of a column at least, in pixels. */
const COLUMN = 168;
const MAX_COLUMNS = 5;

/** Everything that was made here, by day. */
export function GalleryPage() {
  const gallery = useGalleryActions();
  const status = useGallery((state) => state.status);
  const count = useGallery((state) => state.items.length);
  useEffect(() => {
    void gallery.start();
  }, [gallery]);
  useSlashToSearch();
  return (
    <div className="gallery-page">
      <header className="gallery-head">
        <h1 tabIndex={-1}>Gallery</h1>
        {status === 'ready' && (
          <p className="meta" data-testid="gallery-count">
            {count === 1 ? '1 picture' : `${count} pictures`}, kept on this device
          </p>
        )}
      </header>
      {status === 'unavailable' && (
        <p>This browser does not keep pictures here, for example because this is a private window.</p>
      )}
      {status === 'ready' && count === 0 && <EmptyGallery />}
      {count > 0 && (
        <>
          <Filters />
          <SelectionBar />
          <Grid />
        </>
      )}
    </div>
  );
}

function EmptyGallery() {
  return (
    <p className="gallery-empty">
      Nothing yet. Every picture that you make is kept here. <a href="#/make">Make one</a>
    </p>
  );
}

function Filters() {
  const { search, setFilter } = useGalleryActions();
  const query = useGallery((state) => state.query);
  const filter = useGallery((state) => state.filter);
  return (
    <search className="gallery-filters">
      <input
        type="search"
        className="gallery-search"
        aria-label="Search the gallery"
        placeholder="Search words, seeds, models"
        value={query}
        onChange={({ currentTarget }) => search(currentTarget.value)}
      />
      <fieldset className="chips">
        <legend className="visually-hidden">Show</legend>
        {FILTERS.map((name) => (
          <button
            key={name}
            type="button"
            className="chip"
            aria-pressed={filter === name}
            onClick={() => setFilter(name)}
          >
            {FILTER_LABELS[name]}
          </button>
        ))}
      </fieldset>
    </search>
  );
}

/** The rows that are in the window, and some above and below. */
function Grid() {
  const items = useGallery((state) => state.items);
  const query = useGallery((state) => state.query);
  const filter = useGallery((state) => state.filter);
  const list = useRef<HTMLDivElement>(null);
  const { columns, width, top } = useColumns(list);
  const rows = useMemo(() => {
    const shown = matching({ items, query, filter });
    return rowsOf(shown, columns, dayLabel);
  }, [items, query, filter, columns]);
  const cardHeight = width / columns + 96;
  const virtualizer = useWindowVirtualizer({
    count: rows.length,
    estimateSize: (index) => (rows[index]?.kind === 'day' ? 56 : cardHeight),
    getItemKey: (index) => rows[index]?.key ?? index,
    overscan: 3,
    scrollMargin: top,
  });
  if (rows.length === 0) return <p className="gallery-empty">No picture has these words.</p>;
  return (
    <div ref={list} className="gallery-rows" style={{ height: virtualizer.getTotalSize() }}>
      {virtualizer.getVirtualItems().map(({ index, key, start }) => {
        const row = rows[index];
        if (!row) return null;
        return (
          <div
            key={key}
            ref={virtualizer.measureElement}
            data-index={index}
            className="gallery-row"
            style={{ transform: `translateY(${start - top}px)` }}
          >
            {row.kind === 'day' ? (
              <h2 className="gallery-day">{row.label}</h2>
            ) : (
              <ul
                className="gallery-grid"
                style={{ gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }}
              >
                {row.items.map((item) => (
                  <GalleryCard key={item.id} item={item} />
                ))}
              </ul>
            )}
          </div>
        );
      })}
    </div>
  );
}

/** How many columns fit, and where the list begins on the page. */
function useColumns(list: React.RefObject<HTMLDivElement | null>) {
  const [size, setSize] = useState({ columns: 2, width: 360, top: 0 });
  useLayoutEffect(() => {
    const element = list.current;
    if (!element) return;
    const measure = () => {
      const { width, top } = element.getBoundingClientRect();
      const columns = Math.min(MAX_COLUMNS, Math.max(2, Math.floor(width / COLUMN)));
      setSize({ columns, width, top: top + scrollY });
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [list]);
  return size;
}

/** The key / goes to the search, as in other galleries. */
function useSlashToSearch(): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const typing = event.target instanceof HTMLElement && event.target.closest('input, textarea, select');
      if (event.key !== '/' || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      const input = document.querySelector<HTMLElement>('.gallery-search');
      if (!input) return;
      event.preventDefault();
      input.focus();
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, []);
}

/** "Today", "Yesterday", or the date. */
function dayLabel(createdMs: number): string {
  const days = daysAgo(createdMs);
  if (days === 0 || days === 1) {
    return capitalize(new Intl.RelativeTimeFormat('en', { numeric: 'auto' }).format(-days, 'day'));
  }
  return new Intl.DateTimeFormat('en', { dateStyle: 'full' }).format(createdMs);
}

function daysAgo(createdMs: number): number {
  const midnight = (ms: number) => new Date(ms).setHours(0, 0, 0, 0);
  return Math.round((midnight(Date.now()) - midnight(createdMs)) / 86_400_000);
}
