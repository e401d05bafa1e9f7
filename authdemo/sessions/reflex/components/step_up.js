import { Suspense, createElement, lazy, useEffect, useRef } from "react";

const Content = lazy(() =>
  import("$/app_components/authdemo/sessions/reflex/components/step_up_content").then((module) => ({
    default: Object.values(module)[0],
  })),
);

/** A dialog that the server opens and closes; the browser keeps the focus in it. */
export const StepUp = ({ isOpen, resumes, onDismiss, onResume, title }) => {
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
    isOpen && createElement(Suspense, null, createElement(Content)),
  );
};
