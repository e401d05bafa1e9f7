import { createElement as h, lazy, Suspense, useEffect, useState } from "react";

const Page = lazy(() => import("./panel.js").then(({ Page }) => ({ default: Page })));

/** The parts as a page; the script that shows them is loaded with it. */
export const DevtoolsPage = (props) => {
  const [isMounted, setMounted] = useState(false);
  useEffect(() => setMounted(true), []);
  return isMounted && h(Suspense, null, h(Page, props));
};
