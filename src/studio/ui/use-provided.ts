import { type Context, useContext } from 'react';

/**
 * The value of a context that a component above must provide.
 * @throws Error with the name of that component
 */
export function useProvided<Value>(context: Context<Value | undefined>, provider: string): Value {
  const value = useContext(context);
  if (value === undefined) throw new Error(`This component must be inside ${provider}.`);
  return value;
}
