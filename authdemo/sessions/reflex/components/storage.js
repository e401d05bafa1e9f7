/** What a page keeps until it is left. */
const inMemory = () => {
  const kept = new Map();
  return {
    get length() {
      return kept.size;
    },
    key: (index) => [...kept.keys()][index] ?? null,
    getItem: (name) => kept.get(String(name)) ?? null,
    setItem: (name, value) => kept.set(String(name), String(value)),
    removeItem: (name) => kept.delete(String(name)),
    clear: () => kept.clear(),
  };
};

/**
 * A browser that blocks cookies denies a page its storages, too, and Reflex's page breaks without
 * them before it can say what is wrong.
 */
const provide = (name) => {
  try {
    return window[name];
  } catch {
    return Object.defineProperty(window, name, { configurable: true, value: inMemory() });
  }
};

if (typeof window !== "undefined") ["localStorage", "sessionStorage"].forEach(provide);
