/* The page's words in its language, as the service wrote them into the page. */

const words = JSON.parse(document.querySelector("meta[name=words]").content);

export const word = (key, params = {}) =>
  (words[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => (name in params ? params[name] : whole));
