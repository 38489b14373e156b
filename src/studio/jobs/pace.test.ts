import { describe, expect, it } from 'vitest';
import type { DeviceReport } from '../../protocol.ts';
import { DEFAULT_SETTINGS, type DrawSettings } from '../../settings/draw-settings.ts';
import type { RoundView } from './draw-job.ts';
import { expectedMs, measuredPace, paceKey } from './pace.ts';

const round = (change: Partial<RoundView>): RoundView => ({
  round: 1,
  instruction: '',
  step: 20,
  steps: 20,
  stepPreviews: [],
  steppingMs: 2000,
  drawMs: 2500,
  critique: '',
  ...change,
});
const device: DeviceReport = { backend: 'wasm', description: '2 processor threads', halfPrecision: false };
const settings: DrawSettings = {
  ...DEFAULT_SETTINGS,
  ...{ width: 128, height: 128, seed: 1, guidanceRange: [0, 1] },
};

describe('measuredPace', () => {
  it('separates time per step from overhead', () => {
    const pace = measuredPace(round({}));
    expect(pace).toEqual({ perStepMs: 100, overheadMs: 500 });
    expect(pace && expectedMs(pace, 8)).toBe(1300);
  });

  it('is undefined for an unfinished drawing', () => {
    expect(measuredPace(round({ drawMs: undefined }))).toBeUndefined();
    expect(measuredPace(round({ steps: 0, steppingMs: 0 }))).toBeUndefined();
  });
});

it('gives different keys to paces that cannot be compared', () => {
  const drawing = (count: number, change: Partial<DrawSettings> = {}, width = 128) => ({
    request: {
      prompt: 'a',
      references: Array.from({ length: count }, () => new Blob([])),
      settings: { ...settings, ...change },
      rounds: 1,
    },
    size: { width, height: 128 },
  });
  const keys = [
    paceKey('built-in', device, drawing(0)),
    paceKey('another', device, drawing(0)),
    paceKey('built-in', device, drawing(1)),
    paceKey('built-in', device, drawing(1, { imageGuidance: 1 })),
    paceKey('built-in', device, drawing(0, {}, 256)),
    paceKey('built-in', { ...device, backend: 'webgpu' }, drawing(0)),
    paceKey('built-in', device, drawing(0, { acceleration: 'teacache' })),
  ];
  expect(new Set(keys).size).toBe(keys.length);
  expect(paceKey('built-in', device, drawing(0, { seed: 2, steps: 8 }))).toBe(keys[0]);
});
