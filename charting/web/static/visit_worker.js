/* Answers for the pages of visits where the service does not: with what the page has kept of itself. It keeps nothing
   by itself and knows no patient; what the pages ask of the API passes by. */

const PATIENCE_MS = 5000;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { pathname } = new URL(request.url);
  if (request.method !== "GET") return;
  if (request.mode === "navigate") event.respondWith(page(request));
  else if (pathname.startsWith("/static/")) event.respondWith(part(request));
});

async function page(request) {
  const kept = await caches.match("/visits");
  if (!kept) return fetch(request);
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
    return answer.status < 500 ? answer : kept;
  } catch {
    return kept;
  }
}

async function part(request) {
  return (await caches.match(request)) ?? fetch(request);
}
