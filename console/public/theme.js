// Runs before the first paint, so that a stored theme never flashes the other one.
(() => {
  let stored = null;
  try {
    stored = localStorage.getItem("fluoro.theme");
  } catch {
    // Storage may be switched off: then the system's theme is used.
  }
  if (stored === "light" || stored === "dark") document.documentElement.dataset.theme = stored;
})();
