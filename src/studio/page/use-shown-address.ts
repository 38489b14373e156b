import { useEffect, useRef } from 'react';
import type { JobId } from '../../protocol.ts';
import { useActions, useStudio } from '../store/context.tsx';
import { goTo, hrefOf, useAddress } from './rooms.ts';

/**
 * Keeps the address `#/make/<job>` and the job on the canvas equal. An address that a person opens shows its
 * job, also one of an earlier visit; a job that appears on the canvas changes the address.
 */
export function useShownAddress(): void {
  const { room, id } = useAddress();
  const shown = useStudio((state) => state.shown);
  const { openStored, showNothing, notify } = useActions();
  /** The address that this hook has set or followed last. */
  const followed = useRef<string | undefined>(undefined);
  useEffect(() => {
    if (room !== 'make' || id === followed.current) return;
    followed.current = id;
    if (id === undefined) {
      showNothing();
      return;
    }
    void openStored(id as JobId).then((opened) => {
      if (opened) return;
      followed.current = undefined;
      history.replaceState(null, '', hrefOf({ room: 'make' }));
      notify(NOT_FOUND);
    });
  }, [room, id, openStored, showNothing, notify]);
  const before = useRef(shown);
  useEffect(() => {
    if (shown === before.current) return;
    before.current = shown;
    if (shown === followed.current) return;
    followed.current = shown;
    if (room === 'make') goTo('make', shown);
  }, [shown, room]);
}

const NOT_FOUND = {
  id: 'not found',
  tone: 'warn',
  title: 'This picture is not here',
  text: 'It was deleted, or it was made in another browser. The gallery has all pictures of this browser.',
} as const;
