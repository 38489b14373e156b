/**
 * Pictures that another app shares with this one: the service worker keeps them until the page takes them.
 */

const SHARED = 'omnigen2-shared';
/** Name of the field of the form, as in the manifest of the app. */
const FIELD = 'pictures';

/** Keeps the pictures of a share request. @returns a redirection to the page */
export async function receiveShared(request: Request, scope: string): Promise<Response> {
  const form = await request.formData();
  const cache = await caches.open(SHARED);
  for (const [index, file] of form.getAll(FIELD).entries()) {
    if (!(file instanceof File)) continue;
    const name = encodeURIComponent(file.name || `shared-${index + 1}`);
    await cache.put(`${scope}shared/${index}/${name}`, new Response(file));
  }
  return Response.redirect(`${scope}#/make`, 303);
}

/** The pictures that were shared since the last call. */
export async function takeShared(): Promise<File[]> {
  if (!('caches' in globalThis) || !(await caches.has(SHARED))) return [];
  const cache = await caches.open(SHARED);
  const files: File[] = [];
  for (const request of await cache.keys()) {
    const blob = await (await cache.match(request))?.blob();
    const name = decodeURIComponent(request.url.split('/').at(-1) ?? '');
    if (blob) files.push(new File([blob], name, { type: blob.type }));
  }
  await caches.delete(SHARED);
  return files;
}
