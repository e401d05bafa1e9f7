/* A closed page's module: React Router renders it at the page's URL, and it loads that URL.

   A document that was loaded from this URL isn't loaded again, so that there is no loop. Loading the
   current URL would replace earlier history entries, and on an error page, which has no scripts, Back
   would only change the URL. So the URL is first changed by a query without a meaning, and session.js
   doesn't navigate meanwhile. */
const [loaded] = performance.getEntriesByType("navigation");
const page = (url) => url.split("#")[0];
let aside;

export default () => {
  const { href } = location;
  if (href !== aside && page(loaded?.name ?? "") !== page(href)) {
    const url = new URL(href);
    url.search += "&";
    aside = url.href;
    dispatchEvent(new Event("authdemo-leave"));
    history.replaceState(history.state, "", aside);
    location.replace(href);
  }
  return null;
};
