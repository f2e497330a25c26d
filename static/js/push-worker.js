// Shows alerts while no page of ours is open, and opens the lead when one is clicked. Keeps nothing.

self.addEventListener("push", (event) => {
  const told = event.data?.json() ?? { title: "Handoff", url: "/notifications/" };
  event.waitUntil(
    self.registration.showNotification(told.title, { body: told.body ?? "", tag: told.tag, data: { url: told.url } }),
  );
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  // Only a page of ours, whatever the message says.
  const url = new URL(event.notification.data?.url ?? "/", self.location.origin);
  if (url.origin !== self.location.origin) return;
  event.waitUntil(
    self.clients.matchAll({ type: "window", includeUncontrolled: true }).then((open) => {
      const same = open.find((client) => client.url === url.href);
      return same ? same.focus() : self.clients.openWindow(url.href);
    }),
  );
});
