/**
 * The rooms of the page and their addresses: `#/make`, `#/make/<job>`, `#/gallery` and so on. Back, forward
 * and reload work, because what is shown follows from the address.
 */

import { useSyncExternalStore } from 'react';

export type Room = 'make' | 'gallery' | 'models' | 'settings';

export const ROOMS: readonly { readonly name: Room; readonly label: string }[] = [
  { name: 'make', label: 'Make' },
  { name: 'gallery', label: 'Gallery' },
  { name: 'models', label: 'Models' },
  { name: 'settings', label: 'Settings' },
];

export interface Address {
  readonly room: Room;
  /** The job in the room. */
  readonly id?: string;
}

const START: Address = { room: 'make' };

let last = { hash: '', address: START };

/** The address that is shown. It is the same object while the address is the same. */
export function currentAddress(): Address {
  const { hash } = location;
  if (hash !== last.hash) last = { hash, address: addressOf(hash) ?? (hash === '' ? START : last.address) };
  return last.address;
}

export function currentRoom(): Room {
  return currentAddress().room;
}

/**
 * Reads the part of an address after "#".
 *
 * @example
 * addressOf('#/make/01m4x2k7z0-3f9a2c1'); // { room: 'make', id: '01m4x2k7z0-3f9a2c1' }
 *
 * @returns undefined for other addresses, such as "#main" of the link that skips to the content
 */
export function addressOf(hash: string): Address | undefined {
  const [, name, id] = /^#\/?([a-z]+)(?:\/([\w-]+))?$/.exec(hash) ?? [];
  // The name of an earlier version.
  const room = name === 'draw' ? 'make' : ROOMS.find((each) => each.name === name)?.name;
  if (!room) return undefined;
  return id === undefined ? { room } : { room, id };
}

/** The address of a room, for a link. */
export function hrefOf({ room, id }: Address): string {
  return id === undefined ? `#/${room}` : `#/${room}/${id}`;
}

/** The address that is shown. */
export function useAddress(): Address {
  return useSyncExternalStore(onAddress, currentAddress);
}

export function useRoom(): Room {
  return useAddress().room;
}

export function goTo(room: Room, id?: string): void {
  const now = currentAddress();
  if (now.room !== room || now.id !== id) location.hash = hrefOf({ room, id });
}

/** Calls `onChange` when another address is shown. @returns a function that ends this */
export function onAddress(onChange: () => void): () => void {
  addEventListener('hashchange', onChange);
  return () => removeEventListener('hashchange', onChange);
}
