/**
 * The library's types are written out, so that `omnigen2.d.ts` has comments and needs no zod. Here the
 * compiler checks that they are those of the protocol and of the settings.
 */

import { expectTypeOf, test } from 'vitest';
import type * as protocol from '../protocol.ts';
import type { Sampling as SamplingSettings } from '../settings/answer-settings.ts';
import type { DrawSettings as AllDrawSettings } from '../settings/draw-settings.ts';
import type * as events from './events.ts';
import type { BackendChoice, DrawSettings, Sampling } from './types.ts';

test('types of the library equal those of the protocol', () => {
  expectTypeOf<events.JobEvent>().toEqualTypeOf<protocol.JobEvent>();
  expectTypeOf<events.JobResult>().toEqualTypeOf<protocol.JobResult>();
  expectTypeOf<events.ModelState>().toEqualTypeOf<protocol.ModelState>();
  expectTypeOf<events.ModelPart>().toEqualTypeOf<protocol.ModelPart>();
  expectTypeOf<events.RoundReport>().toEqualTypeOf<protocol.RoundReport>();
  expectTypeOf<events.Picture>().toEqualTypeOf<protocol.Picture>();
  expectTypeOf<BackendChoice>().toEqualTypeOf<protocol.BackendChoice>();
});

test('settings of the library equal those of the schema', () => {
  expectTypeOf<DrawSettings>().toEqualTypeOf<AllDrawSettings>();
  expectTypeOf<Sampling>().toEqualTypeOf<SamplingSettings>();
});
