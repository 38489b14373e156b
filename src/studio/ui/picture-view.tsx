import { useEffect, useRef, useState } from 'react';
import type { Picture } from '../../protocol.ts';
import { fileThumbnail } from './file-thumbnails.ts';

/** Smooth enlargement gives the longer side at least this many pixels, with the browser's best filter. */
const SMOOTH_SIDE = 512;

interface PictureViewProps {
  readonly picture: Picture;
  /** Text alternative. Without it the picture is decorative. */
  readonly label?: string;
  /** Enlarge a small picture smoothly. Thumbnails do not need it. */
  readonly smooth?: boolean;
}

/** Shows a picture from its pixels. */
export function PictureView({ picture, label, smooth = false }: PictureViewProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (canvas.current) drawPixels(canvas.current, picture, smooth);
  }, [picture, smooth]);
  const accessibility = label
    ? ({ role: 'img', 'aria-label': label } as const)
    : ({ 'aria-hidden': true } as const);
  return (
    <canvas
      ref={canvas}
      className="picture"
      style={{ aspectRatio: `${picture.width} / ${picture.height}` }}
      data-size={`${picture.width}x${picture.height}`}
      {...accessibility}
    />
  );
}

function drawPixels(canvas: HTMLCanvasElement, picture: Picture, smooth: boolean): void {
  const { width, height } = picture;
  const enlarge = smooth ? Math.max(1, Math.ceil(SMOOTH_SIDE / Math.max(width, height))) : 1;
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

/** Shows a picture file by its thumbnail. */
export function BlobView({ blob, label = '' }: { blob: Blob; label?: string }) {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    const created = URL.createObjectURL(fileThumbnail(blob));
    setUrl(created);
    return () => URL.revokeObjectURL(created);
  }, [blob]);
  return url ? <img className="picture" src={url} alt={label} /> : <span className="picture" />;
}
