// The page works without this file. With it: light or dark as in Airflow, links that leave Airflow's frame, a filter
// that follows the typing, and buttons that copy.
(() => {
  "use strict";

  const root = document.documentElement;

  // Airflow's own window, where the page stands in a frame of its UI.
  const airflow = (() => {
    try {
      return window.parent !== window && window.parent.document ? window.parent : null;
    } catch {
      return null; // somebody else's frame
    }
  })();

  const follow = () => {
    let theme = null;
    try {
      theme = airflow
        ? airflow.document.documentElement.classList.contains("dark") ? "dark" : "light"
        : window.localStorage.getItem("theme");
    } catch {
      theme = null; // storage is switched off: what the system prefers
    }
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    else delete root.dataset.theme;
  };

  follow();
  window.addEventListener("storage", follow);
  if (airflow) {
    new MutationObserver(follow).observe(airflow.document.documentElement, { attributes: true });
    root.classList.add("framed");
  }

  // Airflow's frame lets no link lead out of it, nor open a tab. Its own document may: the link is followed there.
  const followInAirflow = (event) => {
    const link = event.target.closest?.("a[href]");
    const isApart = event.ctrlKey || event.metaKey || event.shiftKey || event.button === 1;
    if (!airflow || !link || event.button > 1 || !(isApart || link.target === "_top")) return;
    event.preventDefault();
    const own = airflow.document.createElement("a");
    own.href = link.href;
    if (isApart) {
      own.target = "_blank";
      own.rel = "noopener";
    }
    airflow.document.body.append(own);
    own.click();
    own.remove();
  };
  document.addEventListener("click", followInAirflow);
  document.addEventListener("auxclick", followInAirflow);

  const copy = async (source) => {
    if (navigator.clipboard) return navigator.clipboard.writeText(source.textContent);
    window.getSelection().selectAllChildren(source); // without TLS there is no clipboard, but the older way
    if (!document.execCommand("copy")) throw new Error("copying is not allowed");
  };

  const filter = (field, rows) => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      row.hidden = !words.every((word) => row.dataset.find.includes(word));
      shown += row.hidden ? 0 : 1;
    }
    const nothing = document.getElementById("nothing");
    if (nothing) nothing.hidden = shown > 0;
  };

  document.addEventListener("DOMContentLoaded", () => {
    for (const button of document.querySelectorAll("button.copy")) {
      button.hidden = false;
      button.addEventListener("click", async () => {
        try {
          await copy(button.parentElement.querySelector(".copied"));
          button.textContent = "Copied";
        } catch {
          button.textContent = "Select it by hand";
        }
      });
    }

    const field = document.querySelector(".filter input[type=search]");
    const rows = [...document.querySelectorAll("tr[data-find]")];
    if (!field) return;
    // Else only the server knows the others: those of other pages, and those that it has left out for what was asked.
    const isWhole = !document.querySelector(".pages") && !field.defaultValue;
    if (isWhole) field.addEventListener("input", () => filter(field, rows));
    document.addEventListener("keydown", (event) => {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target.closest("input, textarea, select")) return;
      event.preventDefault();
      field.focus();
      field.select();
    });
  });
})();
