import { createContext, type ReactNode } from 'react';
import { useStore } from 'zustand';
import { useProvided } from '../ui/use-provided.ts';
import type { StudioActions } from './actions.ts';
import type { StudioState } from './state.ts';
import type { Studio } from './studio.ts';

const StudioContext = createContext<Studio | undefined>(undefined);

export function StudioProvider({ studio, children }: { studio: Studio; children: ReactNode }) {
  return <StudioContext value={studio}>{children}</StudioContext>;
}

/** Selects part of the state. The selector must return a stable value for an unchanged state. */
export function useStudio<T>(selector: (state: StudioState) => T): T {
  return useStore(useStudioContext().store, selector);
}

export function useActions(): StudioActions {
  return useStudioContext().actions;
}

function useStudioContext(): Studio {
  return useProvided(StudioContext, 'StudioProvider');
}
