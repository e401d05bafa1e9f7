import { useSyncExternalStore } from "react";

/** A value of this tab; components that use it render again when it changes. */
export const store = (initial) => {
  let value = initial;
  const listeners = new Set();
  const subscribe = (listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  return {
    get: () => value,
    set: (next) => {
      value = next;
      listeners.forEach((listener) => listener());
    },
    use: () => useSyncExternalStore(subscribe, () => value, () => initial),
  };
};
