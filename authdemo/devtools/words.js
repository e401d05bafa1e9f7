import { store } from "../../sessions/reflex/components/assets/store.js";

/** The texts of the parts: the server pushes them to those who open them, and no page has them. */
export const texts = store({});

const filled = (text, values) =>
  text.replace(/\{(\w+)\}/g, (placeholder, name) => String(values?.[name] ?? placeholder));

/** The texts of an area; an unknown name stays itself. */
export const say = (area) => (name, values) => filled(texts.get()[`${area}.${name}`] ?? name, values);
