// Enhancement only: every page works without it.

// After a form came back with errors, keyboard and screen reader start at the summary.
document.querySelector("[data-focus]")?.focus();
