import { useEffect, useState } from "react";

const KEY = "theme";
const prefersDark = () => window.matchMedia("(prefers-color-scheme: dark)").matches;

const apply = (theme) => {
  const shown = theme === "system" ? (prefersDark() ? "dark" : "light") : theme;
  const { classList, style } = document.documentElement;
  classList.remove("light", "dark");
  classList.add(shown);
  style.colorScheme = shown;
};

/** The chosen theme, and how to choose another; the page's head applies it before anything shows. */
export const useTheme = () => {
  const [theme, setTheme] = useState("");
  useEffect(() => setTheme(localStorage.getItem(KEY) || "system"), []);
  useEffect(() => {
    if (theme !== "system") return;
    const media = window.matchMedia("(prefers-color-scheme: dark)");
    const follow = () => apply("system");
    media.addEventListener("change", follow);
    return () => media.removeEventListener("change", follow);
  }, [theme]);
  const choose = (next) => {
    localStorage.setItem(KEY, next);
    apply(next);
    setTheme(next);
  };
  return { theme, choose };
};
