import type { ReactNode } from 'react';

/** Outlines on a 24 x 24 grid. */
const STROKES = {
  plus: <path d="M12 5v14M5 12h14" />,
  close: <path d="M6 6l12 12M18 6 6 18" />,
  check: <path d="M4.5 12.5 10 18 19.5 6.5" />,
  more: (
    <>
      <path d="M4 7h9M19 7h1M4 17h2M12 17h8M4 12h1" />
      <circle cx="16" cy="7" r="2.4" />
      <circle cx="9" cy="17" r="2.4" />
      <path d="M11 12h9" />
      <circle cx="8" cy="12" r="2.4" />
    </>
  ),
  moon: <path d="M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10Z" />,
  pen: <path d="M4 20l1.2-4.6L16 4.6a2 2 0 0 1 2.8 0l.6.6a2 2 0 0 1 0 2.8L8.6 18.8 4 20ZM14 6.6l3.4 3.4" />,
  image: (
    <>
      <rect x="4" y="5" width="16" height="14" rx="1.5" />
      <path d="m4 16 5-5 4 4 2.5-2.5L20 16" />
      <circle cx="15.5" cy="9" r="1.3" />
    </>
  ),
  stop: <rect x="6" y="6" width="12" height="12" rx="1.5" />,
  save: <path d="M12 4v11M7 11l5 5 5-5M5 20h14" />,
  copy: (
    <>
      <rect x="8" y="8" width="12" height="12" rx="1.5" />
      <path d="M16 8V4H4v12h4" />
    </>
  ),
  star: <path d="m12 4 2.4 5.2 5.6.7-4.1 3.9 1 5.7L12 16.8 7.1 19.5l1-5.7L4 9.9l5.6-.7L12 4Z" />,
  dice: (
    <>
      <rect x="4" y="4" width="16" height="16" rx="3" />
      <path d="M8.5 8.5h.01M15.5 8.5h.01M12 12h.01M8.5 15.5h.01M15.5 15.5h.01" strokeWidth="2.6" />
    </>
  ),
  lock: (
    <>
      <rect x="5" y="11" width="14" height="9" rx="1.5" />
      <path d="M8 11V8a4 4 0 0 1 8 0v3" />
    </>
  ),
  grip: <path d="M9 6h.01M15 6h.01M9 12h.01M15 12h.01M9 18h.01M15 18h.01" strokeWidth="2.4" />,
  right: <path d="M4 12h15M13 6l6 6-6 6" />,
  warn: <path d="M12 4 21 19.5H3L12 4ZM12 10v4.5M12 17v.01" />,
  eye: (
    <>
      <path d="M3 12s3.5-6 9-6 9 6 9 6-3.5 6-9 6-9-6-9-6Z" />
      <circle cx="12" cy="12" r="2.6" />
    </>
  ),
  chevron: <path d="m7 10 5 5 5-5" />,
  words: <path d="M4 6h16M4 11h16M4 16h9" />,
  mix: (
    <>
      <rect x="3.5" y="6" width="9" height="9" rx="1" />
      <rect x="11.5" y="10" width="9" height="9" rx="1" />
    </>
  ),
  reference: <path d="M4 5h9v9H4zM17 9h3v10H9v-2" />,
  undo: <path d="M8 5 4 9l4 4M4 9h10a5.5 5.5 0 0 1 0 11H9" />,
  bin: <path d="M4.5 7h15M9.5 7V4.5h5V7M6.5 7l1 13h9l1-13M10.5 11v5M13.5 11v5" />,
  chip: (
    <>
      <rect x="7" y="7" width="10" height="10" rx="1.5" />
      <path d="M10 7V4M14 7V4M10 20v-3M14 20v-3M7 10H4M7 14H4M20 10h-3M20 14h-3" />
    </>
  ),
  send: <path d="M12 19V5M6 11l6-6 6 6" />,
  sun: (
    <>
      <circle cx="12" cy="12" r="4" />
      <path d="M12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6 7 7M17 17l1.4 1.4M5.6 18.4 7 17M17 7l1.4-1.4" />
    </>
  ),
  folder: <path d="M3.5 6.5h6l2 2.5h9v10h-17v-12.5Z" />,
  globe: (
    <>
      <circle cx="12" cy="12" r="8.5" />
      <path d="M3.5 12h17M12 3.5c5 5 5 12 0 17M12 3.5c-5 5-5 12 0 17" />
    </>
  ),
  pause: <path d="M9 6v12M15 6v12" />,
  play: <path d="M8 5.5v13l10.5-6.5L8 5.5Z" />,
  minus: <path d="M5 12h14" />,
} as const satisfies Readonly<Record<string, ReactNode>>;

export type IconName = keyof typeof STROKES;

/** A decorative icon, hidden from screen readers. */
export function Icon({ name, filled = false }: { name: IconName; filled?: boolean }) {
  return (
    <svg className={filled ? 'icon icon-filled' : 'icon'} viewBox="0 0 24 24" aria-hidden="true">
      {STROKES[name]}
    </svg>
  );
}
