/**
 * Encodes and decodes a picture with the VAE. No drawing of the model can be closer to the picture than this.
 */

import type { OmniGen2Model } from '../../src/omnigen2/model.ts';
import { toPixels, toRgbImage } from '../../src/omnigen2/pixels.ts';
import type { RgbImage } from '../../src/pictures/image.ts';

export async function roundTrip(model: OmniGen2Model, picture: RgbImage): Promise<RgbImage> {
  const vae = await model.vae();
  const { mean } = await vae.encode(toPixels(picture));
  return toRgbImage(await vae.decode(mean));
}
