/** The gallery: every picture of the store, newest first, by day. */

import { createStore, type StoreApi } from 'zustand/vanilla';
import type { StoredPicture } from '../../jobs/job-events.ts';
import type { BlobKey, DrawSpec } from '../../jobs/job-spec.ts';
import type { StoredJob } from '../../jobs/job-store.ts';
import type { JobId } from '../../protocol.ts';
import type { KeptJobs } from '../store/kept-jobs.ts';

/** One drawing with a picture. */
export interface GalleryItem {
  readonly id: JobId;
  readonly spec: DrawSpec;
  readonly picture: StoredPicture;
  /** False for a drawing that was stopped before its picture was complete. */
  readonly complete: boolean;
  /** Number of rounds that have a picture. */
  readonly rounds: number;
  readonly starred: boolean;
}

export const FILTERS = ['all', 'starred', 'edits', 'mixes', 'rounds'] as const;
export type Filter = (typeof FILTERS)[number];

export interface GalleryState {
  readonly status: 'loading' | 'ready' | 'unavailable';
  readonly items: readonly GalleryItem[];
  readonly query: string;
  readonly filter: Filter;
  /** The items that are selected, for an action on several. */
  readonly selected: ReadonlySet<JobId>;
}

export interface Gallery {
  readonly store: StoreApi<GalleryState>;
  /** Loads the list when it is first shown. */
  start(): Promise<void>;
  search(query: string): void;
  setFilter(filter: Filter): void;
  star(id: JobId, starred: boolean): Promise<void>;
  select(id: JobId, selected: boolean): void;
  clearSelection(): void;
  blob(key: BlobKey): Promise<Blob | undefined>;
  /** A picture as the studio shows it. */
  readonly view: KeptJobs['view'];
}

export function createGallery(kept: KeptJobs): Gallery {
  const store = createStore<GalleryState>(() => ({
    status: 'loading',
    items: [],
    query: '',
    filter: 'all',
    selected: new Set(),
  }));
  let started = false;

  async function reload(id: JobId): Promise<void> {
    const open = await kept.store;
    const job = await open?.get(id);
    const item = job && itemOf(job);
    store.setState(({ items, selected }) => {
      const others = items.filter((each) => each.id !== id);
      return {
        items: item ? [...others, item].toSorted(newestFirst) : others,
        selected: item ? selected : new Set([...selected].filter((each) => each !== id)),
      };
    });
  }

  return {
    store,
    async start() {
      if (started) return;
      started = true;
      kept.onChange((id) => void reload(id).catch(() => undefined));
      const open = await kept.store;
      const jobs = await open?.list().catch(() => undefined);
      if (!jobs) store.setState({ status: 'unavailable' });
      else store.setState({ status: 'ready', items: jobs.flatMap((job) => itemOf(job) ?? []) });
    },
    search: (query) => store.setState({ query }),
    setFilter: (filter) => store.setState({ filter }),
    star: (id, starred) => kept.star(id, starred),
    select: (id, selected) =>
      store.setState((state) => {
        const others = [...state.selected].filter((each) => each !== id);
        return { selected: new Set(selected ? [...others, id] : others) };
      }),
    clearSelection: () => store.setState({ selected: new Set() }),
    async blob(key) {
      return (await kept.store)?.blob(key);
    },
    view: kept.view,
  };
}

/** The item of a drawing; undefined for a job without a picture. */
export function itemOf({ spec, events, starred }: StoredJob): GalleryItem | undefined {
  if (spec.kind !== 'draw') return undefined;
  const pictures = events.filter((event) => event.type === 'picture');
  const last = events.at(-1);
  const ended = last?.type === 'done' && last.result.type === 'picture' ? last.result : undefined;
  const result = ended?.round ?? pictures.at(-1)?.round;
  const drawn = pictures.find(({ round }) => round === result)?.picture;
  const picture = drawn ?? (last?.type === 'cancelled' ? last.partial : undefined);
  if (!picture) return undefined;
  return { id: spec.id, spec, picture, complete: drawn !== undefined, rounds: pictures.length, starred };
}

/** The items that the search and the filter leave. Each word of the search must be in the item's words. */
export function matching({
  items,
  query,
  filter,
}: Pick<GalleryState, 'items' | 'query' | 'filter'>): readonly GalleryItem[] {
  const wanted = query.toLowerCase().split(/\s+/).filter(Boolean);
  return items.filter((item) => passes(item, filter) && wanted.every((word) => wordsOf(item).includes(word)));
}

function passes({ spec, starred, rounds }: GalleryItem, filter: Filter): boolean {
  switch (filter) {
    case 'all':
      return true;
    case 'starred':
      return starred;
    case 'edits':
      return spec.inputs.length === 1;
    case 'mixes':
      return spec.inputs.length > 1;
    case 'rounds':
      return rounds > 1;
    default:
      return filter satisfies never;
  }
}

/** What a search looks in: the prompt, the seed, the model and the size. */
function wordsOf({ spec: { prompt, settings, model, size } }: GalleryItem): string {
  return `${prompt} ${settings.seed} ${model.name} ${size.width}x${size.height}`.toLowerCase();
}

/** A row of the gallery: the heading of a day, or pictures side by side. */
export type GalleryRow =
  | { readonly kind: 'day'; readonly key: string; readonly label: string }
  | { readonly kind: 'items'; readonly key: string; readonly items: readonly GalleryItem[] };

/**
 * The rows of items, the newest day first.
 * @param dayOf the label of a day
 */
export function rowsOf(
  items: readonly GalleryItem[],
  columns: number,
  dayOf: (createdMs: number) => string,
): readonly GalleryRow[] {
  const rows: GalleryRow[] = [];
  let day: string | undefined;
  let open: GalleryItem[] = [];
  const close = () => {
    if (open.length > 0) rows.push({ kind: 'items', key: open[0]?.id ?? '', items: open });
    open = [];
  };
  for (const item of items) {
    const label = dayOf(item.spec.createdMs);
    if (label !== day) {
      close();
      rows.push({ kind: 'day', key: `day ${label}`, label });
      day = label;
    }
    open.push(item);
    if (open.length === columns) close();
  }
  close();
  return rows;
}

function newestFirst(a: GalleryItem, b: GalleryItem): number {
  return a.id < b.id ? 1 : -1;
}
