/** What is written into a saved picture, so that its words and settings can be brought back from the file. */

import { SESSION_VERSION, type Session, type SessionReference } from '../../archive/session.ts';
import type { RememberedModel } from '../models/chosen-model.ts';
import { inputName } from '../ui/picture-files.ts';
import type { DrawJob } from './draw-job.ts';

/** Longer side in pixels of the copies of references. */
const COPY_SIDE = 256;
const MAX_COPY_BYTES = 190_000;

/** The session of the picture of one round. Reads the references of the job. */
export async function sessionOf(job: DrawJob, round: number, model: RememberedModel): Promise<Session> {
  const { prompt, references, settings, rounds } = job.request;
  return {
    version: SESSION_VERSION,
    createdMs: Date.now(),
    model: { key: model.key, name: model.name },
    prompt,
    references: await Promise.all(references.map(referenceOf)),
    settings,
    settingsName: job.settingsName,
    rounds,
    round,
    reports: job.rounds.flatMap(({ round: number, instruction, critique, outcome, drawMs, critiqueMs }) =>
      outcome === undefined
        ? []
        : [
            {
              round: number,
              instruction,
              critique,
              outcome,
              drawMs: drawMs ?? 0,
              critiqueMs: critiqueMs ?? 0,
            },
          ],
    ),
  };
}

async function referenceOf(file: Blob, index: number): Promise<SessionReference> {
  const bitmap = await createImageBitmap(file);
  const { width, height } = bitmap;
  const scale = Math.min(1, COPY_SIDE / Math.max(width, height));
  const side = (length: number) => Math.max(1, Math.round(length * scale));
  const canvas = new OffscreenCanvas(side(width), side(height));
  canvas.getContext('2d')?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const name = inputName(file, index);
  return { name, width, height, copy: await copyOf(canvas) };
}

/** A browser without WebP writes a PNG. */
async function copyOf(canvas: OffscreenCanvas): Promise<SessionReference['copy']> {
  const blob = await canvas.convertToBlob({ type: 'image/webp', quality: 0.92 });
  const type = blob.type === 'image/webp' ? 'image/webp' : 'image/png';
  if (blob.size > MAX_COPY_BYTES) return undefined;
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return { type, base64: btoa(binary) };
}
