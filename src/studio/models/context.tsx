import { createContext, type ReactNode } from 'react';
import { useStore } from 'zustand';
import { useProvided } from '../ui/use-provided.ts';
import type { Models, ModelsActions } from './models.ts';
import type { ModelsState } from './models-state.ts';

const ModelsContext = createContext<Models | undefined>(undefined);

export function ModelsProvider({ models, children }: { models: Models; children: ReactNode }) {
  return <ModelsContext value={models}>{children}</ModelsContext>;
}

/** Selects part of the state. The selector must return a stable value for an unchanged state. */
export function useModels<T>(selector: (state: ModelsState) => T): T {
  return useStore(useModelsContext().store, selector);
}

export function useModelsActions(): ModelsActions {
  return useModelsContext().actions;
}

function useModelsContext(): Models {
  return useProvided(ModelsContext, 'ModelsProvider');
}
