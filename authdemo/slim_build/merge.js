/** Stands in for the library with which Reflex merges a component's styles: they have one level. */
export const mergician = (...objects) => Object.assign({}, ...objects);
