import { createElement } from "react";

const isPlain = (value) => typeof value === "string" || typeof value === "number";

/**
 * Stands in for Emotion, which would make a class of a component's `css` as the page runs.
 * Our looks are in style sheets, so that a plain `style` does for the rest.
 */
export const jsx = (type, props, ...children) => {
  if (!props?.css) return createElement(type, props, ...children);
  const { css, ...rest } = props;
  if (!Object.values(css).every(isPlain)) {
    throw new Error(`Write a style sheet instead of ${JSON.stringify(css)}.`);
  }
  return createElement(type, { ...rest, style: css }, ...children);
};
