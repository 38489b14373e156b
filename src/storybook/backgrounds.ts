/** Places, times of day and weather. Everything lies behind the ground line of the things. */

import { mix, Random } from './random.ts';
import { arc, box, ellipse, type Rgb, roundBox, star } from './raster.ts';
import type { Background, Scene, Time } from './scene.ts';
import { blend, darker, lighter, type Pen } from './styles.ts';

/** Where feet stand (page units from the top). */
export const GROUND_Y = 110;
export const isIndoor = (b: Background): boolean => b === 'room';
export const hasSky = (b: Background): boolean => b !== 'room' && b !== 'sea' && b !== 'blank';

interface Light {
  sky: [Rgb, Rgb];
  tint: Rgb;
  amount: number;
}

const LIGHT: Readonly<Record<Time, Light>> = {
  day: {
    sky: [
      [124, 196, 244],
      [214, 238, 252],
    ],
    tint: [255, 255, 255],
    amount: 0,
  },
  sunset: {
    sky: [
      [246, 132, 96],
      [255, 214, 140],
    ],
    tint: [236, 110, 90],
    amount: 0.22,
  },
  night: {
    sky: [
      [20, 24, 72],
      [56, 62, 124],
    ],
    tint: [20, 24, 70],
    amount: 0.56,
  },
};

/** A hill line from left to right, closed at the bottom. */
function hill(random: Random, y: number, rough: number, waves = 2): number[] {
  const a = random.between(0, 6.28),
    b = random.between(0, 6.28);
  const out: number[] = [];
  for (let i = 0; i <= 16; i++) {
    const x = (i / 16) * 132 - 2;
    out.push(
      x,
      y + Math.sin((x / 128) * waves * 3.1 + a) * rough + Math.sin((x / 128) * waves * 7.3 + b) * rough * 0.3,
    );
  }
  out.push(130, 130, -2, 130);
  return out;
}

function pine(pen: Pen, x: number, y: number, h: number, c: Rgb, snowy: boolean): void {
  pen.layer(
    [x - h * 0.06, y + 1, x + h * 0.06, y + 1, x + h * 0.06, y - h * 0.2, x - h * 0.06, y - h * 0.2],
    [112, 82, 66],
  );
  pen.layer([x - h * 0.34, y - h * 0.14, x, y - h * 0.7, x + h * 0.34, y - h * 0.14], darker(c, 0.08));
  pen.layer([x - h * 0.25, y - h * 0.44, x, y - h, x + h * 0.25, y - h * 0.44], c);
  if (snowy)
    pen.layer(
      [x - h * 0.11, y - h * 0.76, x, y - h, x + h * 0.11, y - h * 0.76, x + 0.03 * h, y - h * 0.7],
      [250, 252, 255],
    );
}

function cloud(pen: Pen, x: number, y: number, s: number, c: Rgb): void {
  const p = pen.at(x, y, s);
  for (const e of [ellipse(-7, 0, 6, 4), ellipse(7, 0.4, 6.4, 4), ellipse(0, -2.6, 7, 5.6)]) p.layer(e, c);
  if (pen.style === 'storybook' || pen.style === 'paper') p.mark(roundBox(-12, -0.6, 12.6, 4, 3), c);
}

export function drawBackground(pen: Pen, scene: Scene): void {
  const random = new Random(mix(scene.seed, 77));
  const light = LIGHT[scene.time];
  const t = (c: Rgb): Rgb => blend(c, light.tint, light.amount);
  const grey = scene.weather !== 'none' && scene.time === 'day';
  let [top, low] = light.sky;
  if (grey) {
    top = blend(top, [132, 150, 178], 0.7);
    low = blend(low, [196, 206, 220], 0.7);
  }
  const night = scene.time === 'night';
  if (hasSky(scene.background)) {
    pen.sky(top, low);
    drawSky(pen, scene, random);
  }
  switch (scene.background) {
    case 'blank':
      pen.canvas.fill(
        [[0, 0, pen.canvas.size, 0, pen.canvas.size, pen.canvas.size, 0, pen.canvas.size]],
        pen.style === 'neon' ? [16, 13, 34] : [255, 255, 255],
      );
      break;
    case 'meadow': {
      pen.layer(hill(random, 70, 6), t([146, 208, 128]), t([120, 190, 110]));
      pen.layer(hill(random, 82, 4), t([112, 190, 92]), t([86, 166, 78]));
      for (let i = 0; i < 15; i++) {
        const x = random.between(3, 125),
          y = random.between(90, 125);
        pen.line([x - 1.6, y - 2.6, x, y, x + 1.4, y - 3], 0.9, t([64, 140, 62]));
      }
      for (let i = 0; i < 9; i++) {
        const x = random.between(3, 125),
          y = random.between(87, 126);
        pen.mark(
          ellipse(x, y, 1.3, 1.2),
          t(
            random.pick<Rgb>([
              [255, 255, 255],
              [255, 232, 110],
              [255, 160, 190],
            ]),
          ),
        );
      }
      break;
    }
    case 'snow': {
      const c = t([98, 142, 138]);
      pen.layer(hill(random, 76, 4), t([222, 234, 246]), t([232, 240, 250]));
      for (let i = 0; i < 6; i++)
        pine(
          pen,
          4 + i * 23 + random.between(-6, 6),
          82 + random.between(-2, 3),
          random.between(20, 33),
          c,
          true,
        );
      pen.layer(hill(random, 84, 3), t([246, 250, 255]), t([226, 236, 250]));
      for (let i = 0; i < 4; i++)
        pen.mark(
          ellipse(random.between(6, 122), random.between(94, 124), random.between(7, 13), 1.4),
          t([206, 222, 242]),
          0.7,
        );
      break;
    }
    case 'forest': {
      pen.layer(hill(random, 64, 5), t([136, 194, 140]));
      for (let i = 0; i < 7; i++)
        pine(pen, 2 + i * 20 + random.between(-6, 6), 84, random.between(34, 46), t([86, 150, 102]), false);
      for (let i = 0; i < 6; i++)
        pine(pen, 6 + i * 24 + random.between(-7, 7), 92, random.between(42, 60), t([50, 112, 76]), false);
      pen.layer(hill(random, 89, 2.5), t([126, 104, 66]), t([98, 80, 52]));
      for (let i = 0; i < 10; i++) {
        const x = random.between(3, 125),
          y = random.between(94, 125);
        pen.mark(
          ellipse(x, y, random.between(1.4, 2.6), 0.9),
          t(
            random.pick<Rgb>([
              [84, 118, 56],
              [164, 122, 70],
              [70, 58, 40],
            ]),
          ),
        );
      }
      break;
    }
    case 'beach': {
      pen.layer(box(-2, 62, 130, 130), t([54, 156, 206]), t([120, 208, 222]));
      for (let i = 0; i < 8; i++) {
        const x = random.between(0, 120),
          y = random.between(65, 80);
        pen.line([x, y, x + random.between(6, 13), y], 0.9, t([196, 236, 246]), 0.8);
      }
      pen.layer(hill(random, 84, 2), t([232, 248, 250]));
      pen.layer(hill(random, 86.5, 2), t([252, 226, 164]), t([240, 204, 132]));
      for (let i = 0; i < 14; i++)
        pen.mark(ellipse(random.between(3, 125), random.between(93, 126), 0.9, 0.7), t([214, 172, 104]));
      for (let i = 0; i < 3; i++) {
        const x = random.between(8, 120),
          y = random.between(116, 125);
        pen.mark(
          arc(x, y, 2.6, 2.4, 180, 360),
          t(
            random.pick<Rgb>([
              [255, 176, 160],
              [255, 244, 232],
              [246, 160, 190],
            ]),
          ),
        );
      }
      break;
    }
    case 'desert': {
      pen.layer(hill(random, 70, 7, 1.4), t([244, 196, 118]), t([236, 180, 104]));
      for (let i = 0; i < 3; i++)
        cactus(
          pen,
          14 + i * 45 + random.between(-8, 8),
          84 + random.between(-2, 4),
          random.between(0.7, 1.15),
          t([86, 150, 88]),
        );
      pen.layer(hill(random, 86, 3.4, 1.5), t([250, 212, 140]), t([232, 180, 106]));
      for (let i = 0; i < 6; i++) {
        const x = random.between(0, 110),
          y = random.between(94, 124);
        pen.line(arc(x, y + 3, 9, 3, 215, 325), 0.9, t([214, 162, 92]), 0.8);
      }
      break;
    }
    case 'sea': {
      pen.sky(t([64, 182, 224]), t([28, 104, 176]));
      for (let i = 0; i < 4; i++) {
        const x = 8 + i * 32 + random.between(-8, 8);
        pen.mark([x, -2, x + 9, -2, x - 8, 92, x - 26, 92], [200, 242, 255], night ? 0.03 : 0.09);
      }
      for (let i = 0; i < 4; i++) {
        const x = random.between(8, 120),
          y = random.between(12, 56),
          s = random.between(0.7, 1.2),
          d = random.chance(0.5) ? 1 : -1;
        const p = pen.at(x, y, s * d, s);
        const c = t(blend([130, 210, 236], [44, 130, 190], 0.3));
        p.mark(ellipse(0, 0, 5, 2.8), c, 0.9);
        p.mark([-4, 0, -9, -3, -9, 3], c, 0.9);
      }
      for (let i = 0; i < 7; i++) {
        const x = random.between(4, 124),
          y = random.between(6, 84),
          r = random.between(1.2, 2.6);
        pen.mark(ellipse(x, y, r, r), [222, 246, 255], 0.5);
        pen.mark(ellipse(x - r * 0.3, y - r * 0.3, r * 0.4, r * 0.4), [255, 255, 255], 0.9);
      }
      for (let i = 0; i < 7; i++)
        weed(
          pen,
          4 + i * 20 + random.between(-7, 7),
          92,
          random.between(16, 34),
          t(
            random.pick<Rgb>([
              [36, 132, 110],
              [52, 152, 96],
              [28, 110, 120],
            ]),
          ),
          random,
        );
      pen.layer(hill(random, 90, 3), t([228, 208, 150]), t([206, 176, 118]));
      for (let i = 0; i < 8; i++)
        pen.mark(
          ellipse(random.between(3, 125), random.between(97, 126), random.between(0.8, 1.8), 0.9),
          t([184, 152, 104]),
        );
      break;
    }
    case 'room': {
      drawRoom(pen, scene, random, t);
      break;
    }
    case 'mountain': {
      for (let i = 0; i < 4; i++) {
        const x = 8 + i * 36 + random.between(-8, 8),
          h = random.between(36, 56),
          w = random.between(24, 34);
        const c = t(i % 2 === 0 ? [134, 148, 184] : [116, 130, 170]);
        pen.layer([x - w, 90, x - w * 0.1, 90 - h, x + w * 0.1, 90 - h, x + w, 90], c, darker(c, 0.12));
        pen.layer(
          [
            x - w * 0.33,
            90 - h * 0.72,
            x - w * 0.1,
            90 - h,
            x + w * 0.1,
            90 - h,
            x + w * 0.33,
            90 - h * 0.72,
            x + w * 0.12,
            90 - h * 0.78,
            x,
            90 - h * 0.68,
            x - w * 0.14,
            90 - h * 0.78,
          ],
          t([250, 252, 255]),
        );
      }
      pen.layer(hill(random, 83, 3.4), t([136, 176, 112]), t([106, 152, 92]));
      for (let i = 0; i < 9; i++) {
        const x = random.between(3, 125),
          y = random.between(93, 125);
        pen.mark(arc(x, y, random.between(1.6, 3.4), random.between(1.2, 2.2), 180, 360), t([160, 164, 170]));
      }
      break;
    }
    case 'city': {
      for (let layer = 0; layer < 2; layer++) {
        let x = -4 + random.between(-4, 0);
        while (x < 128) {
          const w = random.between(13, 21),
            h = layer === 0 ? random.between(42, 66) : random.between(26, 46);
          const c = t(
            layer === 0
              ? blend([150, 172, 206], low, 0.3)
              : random.pick<Rgb>([
                  [118, 134, 176],
                  [150, 128, 160],
                  [104, 142, 168],
                ]),
          );
          pen.layer(box(x, 92 - h, x + w - 1, 94), c);
          if (layer === 1) {
            for (let wy = 92 - h + 4; wy < 86; wy += 7) {
              for (let wx = x + 3; wx < x + w - 5; wx += 5.5) {
                const lit = random.chance(night ? 0.6 : 0.8);
                pen.mark(
                  box(wx, wy, wx + 2.8, wy + 3.6),
                  night ? (lit ? [255, 226, 120] : [46, 50, 90]) : lit ? lighter(c, 0.55) : darker(c, 0.2),
                );
              }
            }
          }
          x += w;
        }
      }
      pen.layer(box(-2, 88, 130, 130), t([176, 178, 188]), t([150, 152, 166]));
      pen.layer(box(-2, 117, 130, 130), t([104, 106, 122]));
      for (let i = 0; i < 5; i++) pen.mark(box(4 + i * 27, 122, 17 + i * 27, 123.6), t([250, 240, 200]));
      break;
    }
  }
}

function drawSky(pen: Pen, scene: Scene, random: Random): void {
  const sky = random.fork();
  const storybook = pen.style === 'storybook' || pen.style === 'paper';
  if (scene.time === 'night') {
    for (let i = 0; i < 26; i++) {
      const x = sky.between(2, 126),
        y = sky.between(2, 58),
        r = sky.between(0.5, 1.1);
      if (sky.chance(0.2))
        pen.raw(star(x, y, r * 2.4, r * 0.8, 4), pen.style === 'sketch' ? [110, 110, 130] : [255, 250, 214]);
      else
        pen.raw(ellipse(x, y, r, r, 0, 8), pen.style === 'sketch' ? [110, 110, 130] : [255, 250, 224], 0.95);
    }
    const x = sky.chance(0.5) ? sky.between(16, 30) : sky.between(98, 112),
      y = sky.between(15, 24);
    // A crescent: the outer rim, then the inner rim back.
    const moon = [...arc(x, y, 9.5, 9.5, 50, 310, 18), ...arc(x + 4.6, y, 7.6, 7.6, 286, 74, 14)];
    if (pen.style !== 'sketch') pen.raw(ellipse(x, y, 16, 16), [255, 246, 200], 0.07);
    if (storybook) pen.raw(moon, [255, 240, 184]);
    else pen.solid([moon], [255, 226, 120]);
    return;
  }
  if (scene.time === 'sunset') {
    const x = sky.between(28, 100);
    pen.raw(
      ellipse(x, 58, 26, 26),
      [255, 236, 170],
      pen.style === 'sketch' ? 0.1 : pen.style === 'neon' ? 0.08 : 0.25,
    );
    pen.layer(ellipse(x, 58, 17, 17), [255, 236, 150], [255, 176, 96]);
    for (let i = 0; i < 3; i++)
      cloud(
        pen,
        12 + i * 44 + sky.between(-8, 8),
        sky.between(12, 30),
        sky.between(0.7, 1.1),
        [255, 198, 170],
      );
    return;
  }
  const grey = scene.weather !== 'none';
  if (!grey) {
    const x = sky.chance(0.5) ? sky.between(12, 26) : sky.between(102, 116),
      y = sky.between(13, 19);
    if (storybook) pen.raw(ellipse(x, y, 14, 14), [255, 246, 190], 0.35);
    pen.layer(ellipse(x, y, 9, 9), [255, 226, 92]);
  }
  for (let i = 0; i < 3; i++)
    cloud(
      pen,
      18 + i * 42 + sky.between(-12, 12),
      sky.between(12, 36),
      sky.between(0.7, 1.2),
      grey ? [190, 200, 214] : [255, 255, 255],
    );
}

function cactus(pen: Pen, x: number, y: number, s: number, c: Rgb): void {
  const p = pen.at(x, y, s);
  p.layer(roundBox(-3, -26, 3, 3, 3), c);
  p.layer(roundBox(-10, -19, -6, -8, 2), c);
  p.layer(roundBox(-10, -11, -1, -7.4, 1.8), c);
  p.layer(roundBox(6, -22, 10, -12, 2), c);
  p.layer(roundBox(1, -15, 10, -11.4, 1.8), c);
}

function weed(pen: Pen, x: number, y: number, h: number, c: Rgb, random: Random): void {
  const lean = random.between(-1, 1);
  const left: number[] = [],
    right: number[] = [];
  for (let i = 0; i <= 10; i++) {
    const t = i / 10;
    const cx = x + Math.sin(t * 6 + lean * 3) * 2.6 * t + lean * 3 * t;
    left.push(cx - 2 * (1 - t * 0.8), y - h * t);
    right.unshift(y - h * t);
    right.unshift(cx + 2 * (1 - t * 0.8));
  }
  pen.layer([...left, ...right], c);
}

function drawRoom(pen: Pen, scene: Scene, random: Random, t: (c: Rgb) => Rgb): void {
  const wall = random.pick<Rgb>([
    [252, 222, 198],
    [206, 226, 242],
    [222, 236, 206],
    [240, 216, 232],
  ]);
  pen.sky(t(lighter(wall, 0.2)), t(wall));
  for (let i = 0; i < 8; i++) pen.mark(box(4 + i * 17, -1, 9 + i * 17, 90), t(darker(wall, 0.05)), 0.8);
  // The window shows the time and the weather.
  const wx = random.chance(0.5) ? random.between(12, 22) : random.between(74, 84),
    wy = random.between(9, 13);
  const sky = LIGHT[scene.time].sky;
  pen.layer(roundBox(wx - 2.5, wy - 2.5, wx + 34.5, wy + 34.5, 1.5), t([150, 104, 70]));
  pen.layer(
    box(wx, wy, wx + 32, wy + 32),
    scene.time === 'day' && scene.weather !== 'none' ? [176, 192, 212] : sky[0],
    scene.time === 'day' && scene.weather !== 'none' ? [204, 214, 226] : sky[1],
  );
  if (scene.time === 'night') {
    pen.raw(
      [...arc(wx + 22, wy + 10, 5.4, 5.4, 50, 310, 14), ...arc(wx + 24.6, wy + 10, 4.3, 4.3, 286, 74, 10)],
      [255, 240, 184],
    );
    for (let i = 0; i < 7; i++)
      pen.raw(ellipse(wx + 3 + i * 4.2, wy + 4 + ((i * 37) % 25), 0.7, 0.7, 0, 8), [255, 250, 224]);
  } else if (scene.time === 'sunset') {
    pen.raw(arc(wx + 16, wy + 32, 9, 9, 180, 360), [255, 226, 130]);
  } else if (scene.weather === 'none') {
    pen.raw(ellipse(wx + 9, wy + 9, 4.4, 4.4), [255, 228, 104]);
    pen.raw(ellipse(wx + 22, wy + 20, 5.4, 2.8), [255, 255, 255]);
  }
  if (scene.weather === 'snow')
    for (let i = 0; i < 16; i++)
      pen.raw(ellipse(wx + 2 + ((i * 53) % 29), wy + 2 + ((i * 31) % 29), 1.1, 1.1, 0, 10), [255, 255, 255]);
  if (scene.weather === 'rain') {
    for (let i = 0; i < 14; i++) {
      const x = wx + 4 + ((i * 53) % 26),
        y = wy + 2 + ((i * 31) % 24);
      pen.line([x, y, x - 1.4, y + 5], 0.9, [90, 140, 210]);
    }
  }
  const frame = t([150, 104, 70]);
  pen.layer(box(wx + 15, wy, wx + 17, wy + 32), frame);
  pen.layer(box(wx, wy + 15, wx + 32, wy + 17), frame);
  // A picture on the wall.
  const px = wx < 50 ? random.between(88, 100) : random.between(18, 34);
  pen.layer(box(px - 9, wy + 5, px + 9, wy + 25), t([182, 138, 84]));
  pen.layer(box(px - 6.6, wy + 7.4, px + 6.6, wy + 22.6), t([250, 240, 214]));
  pen.mark(arc(px, wy + 22.6, 6, 6, 180, 360), t([128, 182, 122]));
  pen.layer(box(-2, 88, 130, 130), t([196, 140, 92]), t([170, 114, 72]));
  pen.layer(box(-2, 85.4, 130, 89), t([255, 248, 238]));
  for (const y of [98, 109, 120]) pen.line([-2, y, 130, y], 0.8, t([150, 100, 62]), 0.7);
}

/** Snow or rain in front of everything. */
export function drawWeather(pen: Pen, scene: Scene): void {
  if (
    scene.weather === 'none' ||
    isIndoor(scene.background) ||
    scene.background === 'sea' ||
    scene.background === 'blank'
  )
    return;
  const random = new Random(mix(scene.seed, 991));
  if (scene.weather === 'snow') {
    for (let i = 0; i < 42; i++) {
      const x = random.between(0, 128),
        y = random.between(0, 120),
        r = random.between(0.8, 1.9);
      if (pen.style === 'sketch') {
        pen.raw(ellipse(x, y, r + 0.5, r + 0.5, 0, 12), [136, 142, 160]);
        pen.raw(ellipse(x, y, r, r, 0, 12), [252, 252, 252]);
      } else {
        // A faint rim, so that flakes show before white things.
        if (pen.style !== 'neon' && scene.time !== 'night')
          pen.raw(ellipse(x, y, r + 0.7, r + 0.7, 0, 12), [120, 146, 190], 0.3);
        pen.raw(ellipse(x, y, r, r, 0, 12), pen.style === 'neon' ? [206, 232, 255] : [255, 255, 255], 0.95);
      }
    }
  } else {
    for (let i = 0; i < 46; i++) {
      const x = random.between(0, 134),
        y = random.between(-4, 118),
        l = random.between(5, 8);
      pen.line(
        [x, y, x - l * 0.3, y + l],
        1,
        pen.style === 'neon' ? [90, 170, 255] : pen.style === 'sketch' ? [96, 120, 160] : [212, 232, 255],
        0.75,
      );
    }
  }
}
