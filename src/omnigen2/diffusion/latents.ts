/** Latents of one picture, between the VAE and the transformer. */

/** Latents `[channels, height, width]`, row-major; sizes in latent pixels. */
export interface Latents {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly data: Float32Array;
}
