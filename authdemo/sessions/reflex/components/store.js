import { useSyncExternalStore } from "react";

/** A value of this tab that any component can read, and is drawn anew with. */
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
