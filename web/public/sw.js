// The service worker of the client: keeps the shell (the page and its hashed assets), so
// that it opens without a line. Nothing else is touched: no API, no file, no other page.
// The page is always asked for first; what is kept stands in only when no answer comes.
"use strict";

const cacheName = "shell-1";
const most = 80; // entries; older ones go

self.addEventListener("install", () => self.skipWaiting());

self.addEventListener("activate", (event) => {
  const clean = async () => {
    for (const name of await caches.keys()) if (name !== cacheName) await caches.delete(name);
    await self.clients.claim();
  };
  event.waitUntil(clean());
});

self.addEventListener("fetch", (event) => {
  const request = event.request;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate" && url.pathname === "/") event.respondWith(page(request));
  else if (url.pathname.startsWith("/assets/")) event.respondWith(asset(request));
});

/** The newest page, or the kept one without a line. */
async function page(request) {
  const cache = await caches.open(cacheName);
  try {
    const answer = await fetch(request);
    if (answer.ok && answer.type === "basic") await cache.put("/", answer.clone());
    return answer;
  } catch (error) {
    const kept = await cache.match("/");
    if (kept) return kept;
    throw error;
  }
}

/** Assets carry a hash in their name: what is kept under it is right for ever. */
async function asset(request) {
  const cache = await caches.open(cacheName);
  const kept = await cache.match(request);
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok && answer.type === "basic") {
    await cache.put(request, answer.clone());
    const keys = await cache.keys();
    for (const old of keys.filter((k) => new URL(k.url).pathname !== "/").slice(0, Math.max(0, keys.length - most))) await cache.delete(old);
  }
  return answer;
}
