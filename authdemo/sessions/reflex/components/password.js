/** Shows or hides what is in the password field beside a button; sending the form hides it. */
export const togglePassword = ({ currentTarget: button }) => {
  const field = button.parentElement.querySelector("input");
  const show = (isShown) => {
    field.type = isShown ? "text" : "password";
    button.setAttribute("aria-pressed", isShown);
  };
  show(field.type === "password");
  field.form?.addEventListener("submit", () => show(false), { once: true });
};
