/** Opens the dialog that stands behind a button; the browser keeps the focus in it. */
export const openDialog = (event) => event.currentTarget.nextElementSibling.showModal();

/** Closes a dialog after a press on any of its buttons, or beside it. */
export const closeDialog = (event) => {
  const isBeside = event.target === event.currentTarget;
  if (isBeside || event.target.closest("button")) event.currentTarget.close();
};
