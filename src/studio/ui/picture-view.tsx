import { useEffect, useRef, useState } from 'react';
import type { Picture } from '../../protocol.ts';
import { shownFor } from './file-previews.ts';

/** Small pictures are enlarged to at least this many pixels by the browser's best filter before CSS scales them. */
const SMOOTH_EDGE = 512;

interface PictureViewProps {
  readonly picture: Picture;
  /** What the picture is, for those who do not see it; without it the picture is decoration. */
  readonly label?: string;
  /** Enlarges a small picture smoothly; thumbnails do without. */
  readonly smooth?: boolean;
}

/** Shows raw pixels. */
export function PictureView({ picture, label, smooth = false }: PictureViewProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (canvas.current) paint(canvas.current, picture, smooth);
  }, [picture, smooth]);
  const naming = label ? ({ role: 'img', 'aria-label': label } as const) : ({ 'aria-hidden': true } as const);
  return (
    <canvas
      ref={canvas}
      className="pic"
      style={{ aspectRatio: `${picture.width} / ${picture.height}` }}
      data-size={`${picture.width}x${picture.height}`}
      {...naming}
    />
  );
}

function paint(canvas: HTMLCanvasElement, picture: Picture, smooth: boolean): void {
  const { width, height } = picture;
  const enlarge = smooth ? Math.max(1, Math.ceil(SMOOTH_EDGE / Math.max(width, height))) : 1;
  canvas.width = width * enlarge;
  canvas.height = height * enlarge;
  const context = canvas.getContext('2d');
  if (!context) return;
  const pixels = new ImageData(picture.data, width, height);
  if (enlarge === 1) {
    context.putImageData(pixels, 0, 0);
    return;
  }
  const original = new OffscreenCanvas(width, height);
  original.getContext('2d')?.putImageData(pixels, 0, 0);
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = 'high';
  context.drawImage(original, 0, 0, canvas.width, canvas.height);
}

/** Shows a picture file that the person gave, as it is used. */
export function BlobView({ blob, label = '' }: { blob: Blob; label?: string }) {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    const made = URL.createObjectURL(shownFor(blob));
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [blob]);
  return url ? <img className="pic" src={url} alt={label} /> : <span className="pic" />;
}
