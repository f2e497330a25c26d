// What only scripts can do shows once they run: without them a passkey button would press nothing.

for (const each of document.querySelectorAll("[data-needs-scripts]")) each.hidden = false;
