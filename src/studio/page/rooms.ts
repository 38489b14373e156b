/** The rooms of the page. The part of the address after "#" names the one that is shown. */

import { useSyncExternalStore } from 'react';

export type Room = 'draw' | 'models';

export const ROOMS: readonly { readonly name: Room; readonly label: string }[] = [
  { name: 'draw', label: 'Draw' },
  { name: 'models', label: 'Models' },
];

let shown: Room = 'draw';

/** Other addresses, such as "#main" of the link that skips to the content, stay in the room. */
export function currentRoom(): Room {
  shown = ROOMS.find(({ name }) => location.hash === `#${name}`)?.name ?? shown;
  return location.hash === '' ? 'draw' : shown;
}

/** The room that is shown. */
export function useRoom(): Room {
  return useSyncExternalStore(subscribe, currentRoom);
}

export function goTo(room: Room): void {
  if (currentRoom() !== room) location.hash = room;
}

function subscribe(onChange: () => void): () => void {
  addEventListener('hashchange', onChange);
  return () => removeEventListener('hashchange', onChange);
}
