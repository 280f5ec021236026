/* Where somebody wanted to go before he was asked who he is: a page of ours, else the first one. */

export function wanted() {
  const { origin, search } = window.location;
  const to = new URLSearchParams(search).get("to") ?? "/";
  const url = URL.canParse(to, origin) ? new URL(to, origin) : new URL(origin);
  return url.origin === origin ? url.href : "/";
}
