import { useEffect, useSyncExternalStore } from "react";

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

/** An effect that components have in common: the first of them begins it, and the last ends it. */
export const common = (begin) => {
  let users = 0;
  let end;
  const join = () => {
    if (++users === 1) end = begin();
    return () => {
      if (--users === 0) end();
    };
  };
  return () => useEffect(join, []);
};
