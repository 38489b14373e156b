import { createContext, type ReactNode } from 'react';
import { useStore } from 'zustand';
import { useProvided } from '../ui/use-provided.ts';
import type { Gallery, GalleryState } from './gallery.ts';

const GalleryContext = createContext<Gallery | undefined>(undefined);

export function GalleryProvider({ gallery, children }: { gallery: Gallery; children: ReactNode }) {
  return <GalleryContext value={gallery}>{children}</GalleryContext>;
}

/** Selects part of the gallery's state. The selector must return a stable value for an unchanged state. */
export function useGallery<T>(selector: (state: GalleryState) => T): T {
  return useStore(useGalleryActions().store, selector);
}

export function useGalleryActions(): Gallery {
  return useProvided(GalleryContext, 'GalleryProvider');
}
