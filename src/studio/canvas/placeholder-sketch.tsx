import './placeholder-sketch.css';

/** A decorative sketch that fills an empty picture frame. */
export function PlaceholderSketch() {
  return (
    <svg className="placeholder-sketch" viewBox="0 0 160 110" aria-hidden="true">
      <path d="M4 88c22-9 38-8 56-3s40 6 96-5" />
      <path d="M30 84V56l22-18 22 18v30M26 60l26-22 26 22M46 85V68h12v17" />
      <path d="M112 83V64M112 64c-12 1-15-9-9-15-1-10 17-12 18-2 8 4 4 17-9 17Z" />
      <circle cx="134" cy="22" r="9" />
    </svg>
  );
}
