// A button that prints the page, for who does not know Ctrl P.

for (const button of document.querySelectorAll("[data-print]")) {
  button.addEventListener("click", () => window.print());
}
