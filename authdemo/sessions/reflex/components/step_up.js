import { createElement, useEffect, useRef } from "react";

/** A dialog that the server opens and closes; the browser keeps the focus in it. */
export const StepUp = ({ isOpen, resumes, onDismiss, onResume, title, children }) => {
  const ref = useRef(null);
  useEffect(() => {
    const dialog = ref.current;
    if (isOpen && !dialog.open) dialog.showModal();
    if (!isOpen && dialog.open) dialog.close();
  }, [isOpen]);
  useEffect(() => {
    if (resumes) onResume();
  }, [resumes]);
  return createElement(
    "dialog",
    { ref, className: "auth-dialog auth-page", "aria-label": isOpen ? title : undefined, onCancel: () => onDismiss() },
    isOpen && children,
  );
};
