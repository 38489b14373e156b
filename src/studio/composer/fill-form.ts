import type { DrawSettings } from '../../settings/draw-settings.ts';
import type { StudioActions } from '../store/actions.ts';
import { inspectPictures } from '../ui/picture-files.ts';

/** Replaces prompt, settings, seed and references of the form by those of an earlier picture. */
export async function fillForm(
  actions: StudioActions,
  prompt: string,
  { seed, ...settings }: DrawSettings,
  references: readonly Blob[],
): Promise<void> {
  const { references: inspected } = await inspectPictures(references);
  actions.resetSettings();
  actions.replaceReferences(inspected);
  actions.setPrompt(prompt);
  actions.change(settings);
  actions.setSeed(seed);
}
