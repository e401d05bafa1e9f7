import { useEffect } from "react";

/** Takes the token out of the address once the server has it: history and bookmarks outlive it. */
export const useHiddenToken = (isRead) => {
  useEffect(() => {
    const url = new URL(location.href);
    if (!isRead || !url.searchParams.has("token")) return;
    url.searchParams.delete("token");
    history.replaceState(history.state, "", url);
  }, [isRead]);
};
