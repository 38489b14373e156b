/** Latents of one picture, as the autoencoder and the transformer exchange them. */

/** Latents `[channels, height, width]`, row-major; sizes in latent pixels. */
export interface Latents {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly data: Float32Array;
}
