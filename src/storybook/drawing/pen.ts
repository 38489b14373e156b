/** The pen that draws shapes in one of the four styles. */

import { mix as mixBits } from '../random.ts';
import type { Style } from '../scene.ts';
import type { Canvas, Paint } from './canvas.ts';
import { blend, CREAM, darker, GRAPHITE, glowOf, INK, lighter, MOONLIGHT, NIGHT, PAPER } from './colours.ts';
import { grow, ribbon } from './outlines.ts';
import type { Path, Rgb } from './shapes.ts';

/** Draws in page units (0..128 from the left and from the top) until `at` moves and scales it. */
export class Pen {
  constructor(
    readonly canvas: Canvas,
    readonly style: Style,
    /** Draws a pale rim around outlines, so that dark things show at night. */
    private readonly moonlit = false,
    private readonly tx = 0,
    private readonly ty = 0,
    private readonly sx = 1,
    private readonly sy = 1,
    private readonly width = 1,
  ) {}

  /** A pen with its origin at (x, y) whose unit is `scale` units of this pen. */
  at(x: number, y: number, scaleX = 1, scaleY = scaleX): Pen {
    const s = Math.sqrt(Math.abs(scaleX * scaleY));
    return new Pen(
      this.canvas,
      this.style,
      this.moonlit,
      this.tx + x * this.sx,
      this.ty + y * this.sy,
      this.sx * scaleX,
      this.sy * scaleY,
      this.width * (0.35 + 0.65 * s),
    );
  }

  /** Pixels per page unit. */
  private get k(): number {
    return this.canvas.size / 128;
  }

  /**
   * Converts a path to pixels. `tremor` moves each point a little, by an amount that depends on its place
   * only.
   */
  private toPixels(p: Path, tremor = 0): number[] {
    const k = this.k;
    const out = new Array<number>(p.length);
    for (let i = 0; i < p.length; i += 2) {
      let x = (p[i] as number) * this.sx + this.tx,
        y = (p[i + 1] as number) * this.sy + this.ty;
      if (tremor > 0) {
        const h = mixBits(Math.round(x * 4), Math.round(y * 4) + 7919);
        x += ((h & 255) / 255 - 0.5) * tremor;
        y += (((h >> 8) & 255) / 255 - 0.5) * tremor;
      }
      out[i] = x * k;
      out[i + 1] = y * k;
    }
    return out;
  }

  private ramp(polygons: readonly Path[], top: Rgb, bottom: Rgb): Paint {
    let y0 = Infinity,
      y1 = -Infinity;
    for (const p of polygons) {
      for (let i = 1; i < p.length; i += 2) {
        const y = p[i] as number;
        if (y < y0) y0 = y;
        if (y > y1) y1 = y;
      }
    }
    return { top, bottom, y0, y1 };
  }

  /** Draws parts as one body of one colour with an outline around all of it. */
  solid(parts: readonly Path[], colour: Rgb, options: { flat?: boolean; outline?: number } = {}): void {
    const { canvas, k } = this;
    const thick = 1.35 * this.width * (options.outline ?? 1);
    switch (this.style) {
      case 'storybook': {
        const px = parts.map((p) => this.toPixels(p));
        const ink = blend(colour, INK, 0.86);
        if (this.moonlit) for (const p of px) canvas.fill([grow(p, (thick + 0.75) * k)], MOONLIGHT, 0.4);
        for (const p of px) canvas.fill([grow(p, thick * k)], ink);
        const paint = options.flat ? colour : this.ramp(px, lighter(colour, 0.12), darker(colour, 0.12));
        for (const p of px) canvas.fill([p], paint);
        break;
      }
      case 'paper': {
        const px = parts.map((p) => this.toPixels(p));
        for (const p of px) {
          const g = grow(p, thick * 1.2 * k);
          const shifted = g.map((v, i) => v + (i % 2 === 0 ? 1.1 : 1.6) * k * this.width);
          canvas.fill([shifted], [40, 34, 60], 0.2);
        }
        for (const p of px) canvas.fill([grow(p, thick * 1.15 * k)], CREAM);
        for (const p of px) canvas.fill([p], lighter(colour, 0.06));
        break;
      }
      case 'neon': {
        const px = parts.map((p) => this.toPixels(p));
        const glow = glowOf(colour);
        for (const p of px) canvas.fill([grow(p, thick * 2.6 * k)], glow, 0.16);
        for (const p of px) canvas.fill([grow(p, thick * 0.95 * k)], glow);
        for (const p of px) canvas.fill([p], blend(NIGHT, glow, 0.15));
        break;
      }
      case 'sketch': {
        const px = parts.map((p) => this.toPixels(p, 0.9));
        for (const p of px) canvas.fill([grow(p, 0.75 * k)], GRAPHITE);
        for (const p of px) canvas.fill([p], blend(PAPER, colour, 0.5));
        this.hatch(px, colour, 0.7);
        break;
      }
    }
  }

  /** Draws a shape without an outline: a mark on a body. */
  mark(part: Path, colour: Rgb, alpha = 1): void {
    const { canvas } = this;
    switch (this.style) {
      case 'storybook':
      case 'paper':
        canvas.fill([this.toPixels(part)], colour, alpha);
        break;
      case 'neon':
        canvas.fill([this.toPixels(part)], blend(NIGHT, glowOf(colour), 0.82), alpha);
        break;
      case 'sketch':
        canvas.fill([this.toPixels(part, 0.6)], blend(PAPER, colour, 0.72), alpha);
        break;
    }
  }

  /** Draws a shape in exactly this colour in every style. */
  raw(part: Path, colour: Rgb, alpha = 1): void {
    this.canvas.fill([this.toPixels(part)], colour, alpha);
  }

  /** Draws a line; in ink if `colour` is null. */
  line(points: Path, width: number, colour: Rgb | null = null, alpha = 1): void {
    const shape = this.toPixels(points, this.style === 'sketch' ? 0.5 : 0);
    const unit = Math.sqrt(Math.abs(this.sx * this.sy));
    let c: Rgb = colour ?? INK;
    if (this.style === 'neon') c = colour ? glowOf(colour) : [226, 236, 250];
    if (this.style === 'sketch') c = colour ? blend(PAPER, colour, 0.8) : GRAPHITE;
    this.canvas.fill([ribbon(shape, width * unit * this.k)], c, alpha);
  }

  /** Draws a thick line with an outline: tails, stems, feelers. */
  tube(points: Path, width: number, colour: Rgb): void {
    const unit = Math.sqrt(Math.abs(this.sx * this.sy));
    const p = this.toPixels(points);
    const { canvas, k } = this;
    const w = width * unit;
    const edge = 2.7 * this.width;
    switch (this.style) {
      case 'storybook':
        if (this.moonlit) canvas.fill([ribbon(p, (w + edge + 1.5) * k)], MOONLIGHT, 0.4);
        canvas.fill([ribbon(p, (w + edge) * k)], blend(colour, INK, 0.86));
        canvas.fill([ribbon(p, w * k)], colour);
        break;
      case 'paper':
        canvas.fill([ribbon(p, (w + edge * 1.1) * k)], CREAM);
        canvas.fill([ribbon(p, w * k)], colour);
        break;
      case 'neon':
        canvas.fill([ribbon(p, (w + edge * 2) * k)], glowOf(colour), 0.16);
        canvas.fill([ribbon(p, (w + edge * 0.9) * k)], glowOf(colour));
        canvas.fill([ribbon(p, w * k)], blend(NIGHT, glowOf(colour), 0.15));
        break;
      case 'sketch':
        canvas.fill([ribbon(p, (w + 1.5) * k)], GRAPHITE);
        canvas.fill([ribbon(p, w * k)], blend(PAPER, colour, 0.6));
        break;
    }
  }

  /** Limits painting to the inside of these shapes until `unclip`. */
  clip(parts: readonly Path[]): void {
    this.canvas.clipTo(parts.map((p) => [this.toPixels(p)]));
  }

  unclip(): void {
    this.canvas.unclip();
  }

  /** Draws a soft shadow on the ground. */
  shadow(cx: number, cy: number, rx: number, ry: number): void {
    const e = (f: number) => {
      const out: number[] = [];
      for (let i = 0; i < 20; i++) {
        const t = (i / 20) * Math.PI * 2;
        out.push(cx + Math.cos(t) * rx * f, cy + Math.sin(t) * ry * f);
      }
      return this.toPixels(out);
    };
    const c: Rgb =
      this.style === 'neon' ? [120, 110, 200] : this.style === 'sketch' ? GRAPHITE : [34, 24, 54];
    const a = this.style === 'neon' ? 0.05 : this.style === 'sketch' ? 0.08 : 0.11;
    for (const f of [1.15, 0.95, 0.72]) this.canvas.fill([e(f)], c, a);
  }

  /** Draws a layer of the background, without an outline in the storybook style. */
  layer(part: Path, colour: Rgb, bottom: Rgb | null = null): void {
    const { canvas, k } = this;
    const p = this.toPixels(part, this.style === 'sketch' ? 0.6 : 0);
    switch (this.style) {
      case 'storybook':
        canvas.fill([p], bottom ? this.ramp([p], colour, bottom) : colour);
        break;
      case 'paper': {
        canvas.fill([p.map((v, i) => v + (i % 2 === 0 ? 0.5 : -2.2) * k)], [40, 34, 60], 0.13);
        canvas.fill([p.map((v, i) => v - (i % 2 === 0 ? 0 : 0.9 * k))], lighter(colour, 0.55));
        canvas.fill([p], bottom ? blend(colour, bottom, 0.4) : colour);
        break;
      }
      case 'neon': {
        const glow = glowOf(colour);
        canvas.fill([grow(p, 0.55 * k)], blend(NIGHT, glow, 0.5));
        canvas.fill([p], blend(NIGHT, glow, 0.07));
        break;
      }
      case 'sketch':
        canvas.fill([grow(p, 0.35 * k)], blend(PAPER, GRAPHITE, 0.55));
        canvas.fill([p], blend(PAPER, colour, 0.2));
        break;
    }
  }

  /** Fills the page with the sky or wall behind everything, as a vertical gradient. */
  sky(top: Rgb, bottom: Rgb): void {
    const s = this.canvas.size;
    const whole = [0, 0, s, 0, s, s, 0, s];
    let a = top,
      b = bottom;
    if (this.style === 'neon') {
      a = blend(NIGHT, top, 0.05);
      b = blend(NIGHT, bottom, 0.1);
    } else if (this.style === 'sketch') {
      a = blend(PAPER, top, 0.16);
      b = blend(PAPER, bottom, 0.1);
    } else if (this.style === 'paper') {
      a = b = blend(top, bottom, 0.5);
    }
    this.canvas.fill([whole], { top: a, bottom: b, y0: 0, y1: s * 0.8 });
  }

  /** Hatches the polygons with diagonal strokes. */
  private hatch(px: readonly Path[], colour: Rgb, alpha: number): void {
    const { canvas, k } = this;
    let x0 = Infinity,
      y0 = Infinity,
      x1 = -Infinity,
      y1 = -Infinity;
    for (const p of px) {
      for (let i = 0; i < p.length; i += 2) {
        x0 = Math.min(x0, p[i] as number);
        x1 = Math.max(x1, p[i] as number);
        y0 = Math.min(y0, p[i + 1] as number);
        y1 = Math.max(y1, p[i + 1] as number);
      }
    }
    canvas.clipTo(px.map((p) => [p]));
    const gap = 3.4 * k;
    const first = Math.floor((x0 + y0) / gap),
      last = Math.ceil((x1 + y1) / gap);
    const lines: number[][] = [];
    for (let i = first; i <= last; i++) {
      const s = i * gap;
      const w = 1.1 * k;
      // The line x + y = s, cut to the box.
      const ax = Math.min(x1, s - y0),
        ay = s - ax,
        bx = Math.max(x0, s - y1),
        by = s - bx;
      if (ax < bx) continue;
      lines.push([ax, ay, ax + w, ay, bx + w, by, bx, by]);
    }
    if (lines.length > 0) canvas.fill(lines, blend(PAPER, colour, 0.95), alpha);
    canvas.unclip();
  }
}
