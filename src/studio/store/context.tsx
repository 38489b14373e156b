import { createContext, type ReactNode, useContext } from 'react';
import { useStore } from 'zustand';
import type { StudioState } from './state.ts';
import type { Studio, StudioActions } from './studio.ts';

const StudioContext = createContext<Studio | undefined>(undefined);

export function StudioProvider({ studio, children }: { studio: Studio; children: ReactNode }) {
  return <StudioContext value={studio}>{children}</StudioContext>;
}

/** Reads a part of the state; the selector must give a stable value for an unchanged state. */
export function useStudio<T>(selector: (state: StudioState) => T): T {
  return useStore(useGivenStudio().store, selector);
}

export function useActions(): StudioActions {
  return useGivenStudio().actions;
}

function useGivenStudio(): Studio {
  const studio = useContext(StudioContext);
  if (!studio) throw new Error('A component of the studio stands outside StudioProvider.');
  return studio;
}
