const refuse = () => {
  throw new Error("Scripts keep no cookies here: rx.Cookie isn't in the build.");
};

/** Stands in for the library behind `rx.Cookie`; our cookies are the server's alone. */
export default class Cookies {
  get = refuse;
  set = refuse;
  remove = refuse;
}
