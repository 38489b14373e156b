/** Pictures as the model's autoencoder gives them back: no drawing of it can be closer to them. */

import type { OmniGen2Model } from '../../src/omnigen2/model.ts';
import { pixelsOf, toRgbImage } from '../../src/omnigen2/pixels.ts';
import type { RgbImage } from '../../src/pictures/image.ts';

export async function roundTrip(model: OmniGen2Model, picture: RgbImage): Promise<RgbImage> {
  const autoencoder = await model.vae();
  const { mean } = await autoencoder.encode(pixelsOf(picture));
  return toRgbImage(await autoencoder.decode(mean));
}
