// Keeps the telephone's messages fresh without disturbing a selection. Without it the page reloads.
"use strict";

const list = document.getElementById("messages");

function localTimes(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (!Number.isNaN(at.getTime())) {
      time.textContent = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    }
  }
}

let shown = list.innerHTML;

async function refresh() {
  if (document.hidden) return;
  const answer = await fetch(location.href, { cache: "no-store" });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("messages");
  if (!fresh || fresh.innerHTML === shown) return;
  shown = fresh.innerHTML;
  localTimes(fresh);
  list.replaceChildren(...fresh.childNodes);
}

localTimes(list);
// A server that is just restarting answers the next time.
setInterval(() => refresh().catch(() => {}), 1500);
document.addEventListener("visibilitychange", () => refresh().catch(() => {}));
