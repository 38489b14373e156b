/**
 * The widths of the released model, with one layer of each kind. Source: OmniGen2/OmniGen2, config.json files
 */

import type { LanguageConfig, TransformerConfig, VaeConfig } from '../../config/config.ts';

export const RELEASED_TRANSFORMER: TransformerConfig = {
  patchSize: 2,
  inChannels: 16,
  outChannels: 16,
  hiddenSize: 2520,
  numLayers: 1,
  numRefinerLayers: 0,
  numAttentionHeads: 21,
  numKvHeads: 7,
  headDim: 120,
  feedForwardDim: 10_240,
  tembDim: 1024,
  timestepFrequencyDim: 256,
  normEps: 1e-5,
  axesDimRope: [40, 40, 40],
  axesLens: [1024, 1664, 1664],
  textFeatDim: 2048,
  timestepScale: 1000,
};

/** Layers of the released transformer that run for every noise row: main layers and the noise refiner. */
export const RELEASED_LAYERS = 34;

export const RELEASED_LANGUAGE: LanguageConfig = {
  vocabSize: 151_936,
  hiddenSize: 2048,
  intermediateSize: 11_008,
  numHiddenLayers: 1,
  numAttentionHeads: 16,
  numKeyValueHeads: 2,
  headDim: 128,
  rmsNormEps: 1e-6,
  ropeTheta: 1e6,
  mropeSection: [16, 24, 24],
  tieWordEmbeddings: true,
  maxPositionEmbeddings: 128_000,
};

export const RELEASED_VAE: VaeConfig = {
  inChannels: 3,
  outChannels: 3,
  latentChannels: 16,
  blockOutChannels: [128, 256, 512, 512],
  layersPerBlock: 2,
  normNumGroups: 32,
  sampleSize: 1024,
  scalingFactor: 0.3611,
  shiftFactor: 0.1159,
  downscaleFactor: 8,
};
