// Makes the pages of a login more comfortable. Every page works without it.
"use strict";

// One submission per page: a second one would count as a second attempt.
for (const form of document.querySelectorAll("form[data-once]")) {
  let sent = false;
  form.addEventListener("submit", (event) => {
    if (sent) {
      event.preventDefault();
      return;
    }
    sent = true;
    event.submitter?.setAttribute("aria-busy", "true");
  });
  // The browser brings a page back as it was left, when the person goes back to it.
  addEventListener("pageshow", () => {
    sent = false;
    form.querySelector("[aria-busy]")?.removeAttribute("aria-busy");
  });
}

// A form of another site, on its way through this one.
const onward = document.querySelector("form[data-go]");
onward?.requestSubmit(onward.querySelector("button"));

for (const button of document.querySelectorAll("button[data-reveal]")) {
  const field = document.getElementById(button.dataset.reveal);
  button.hidden = false;
  button.addEventListener("click", () => {
    const show = field.type === "password";
    field.type = show ? "text" : "password";
    button.textContent = show ? "Hide" : "Show";
    button.setAttribute("aria-pressed", String(show));
    field.focus();
  });
  field.form.addEventListener("submit", () => {
    field.type = "password";
  });
}

const clock = (seconds) =>
  `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;

// When the person is told that the time is nearly over, in seconds before its end.
const LAST_MINUTE = 60;

// Calls `tick` each second with the whole seconds left, the last time with 0. Sleep counts as time.
// What it returns ends the wait at once.
function countDown(seconds, tick) {
  let end = Date.now() + seconds * 1000;
  let next;
  const step = () => {
    const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
    tick(left);
    if (left > 0) next = setTimeout(step, (end - Date.now()) % 1000 || 1000);
  };
  step();
  return () => {
    clearTimeout(next);
    end = Date.now();
    step();
  };
}

// Returns what ends the time without a word, for a code that dies before its time.
function showTimeLeft(form, waiting) {
  const validity = form.querySelector("[data-expires]");
  if (!validity) return;
  const expired = form.querySelector("[data-expired]");
  let isOver = false;
  const shown = validity.querySelector("[data-clock]");
  const seconds = Number(validity.dataset.expires);
  let warned = seconds <= LAST_MINUTE;
  const end = countDown(seconds, (left) => {
    if (isOver) return;
    shown.textContent = `another ${clock(left)}`;
    // The minute may have begun while the page slept.
    if (left <= LAST_MINUTE && left > 0 && !warned) {
      warned = true;
      announce(form, "The code works for another minute. If you need more time, have a new one sent.");
    }
    if (left > 0) return;
    validity.hidden = true;
    expired.hidden = false;
    announce(form, expired.textContent);
    waiting.abort();
    offerAnother(form);
  });
  return () => {
    isOver = true;
    end();
    validity.hidden = true;
    expired.hidden = true;
    announce(form, "");
    waiting.abort();
    offerAnother(form);
  };
}

// Where the code is dead, the first thing to do is to have another one sent.
function offerAnother(form) {
  const another = form.querySelector("button[name=resend]");
  const goOn = form.querySelector("button[data-continue]");
  const place = another?.closest(".again");
  if (!place || !goOn) return;
  const hasFocus = goOn === document.activeElement;
  place.querySelector(":scope > span:first-child")?.remove();
  another.className = "primary";
  another.firstChild.data = "Send a new code";
  goOn.className = "secondary";
  place.after(goOn);
  if (hasFocus) goOn.focus();
}

// Returns what lets the button go before its time.
function holdResend(form) {
  const button = form.querySelector("button[data-wait]");
  if (!button) return;
  const shown = button.querySelector("[data-wait-clock]");
  const text = form.querySelector("[data-no-script]");
  if (text) text.hidden = true;
  button.addEventListener("click", (event) => {
    if (button.getAttribute("aria-disabled") === "true") event.preventDefault();
  });
  return countDown(Number(button.dataset.wait), (left) => {
    button.setAttribute("aria-disabled", String(left > 0));
    shown.textContent = left > 0 ? ` in ${clock(left)}` : "";
    if (left === 0) button.removeAttribute("aria-describedby");
  });
}

// Looks once what became of the message, when that may be known, and shows it in the places that are
// kept for it. One of them is a live region, which is read out when the person pauses.
function lookForNews(form, allowResend, endTime) {
  const seconds = document.querySelector("[data-look-in]")?.dataset.lookIn;
  if (!seconds) return;
  const look = async () => {
    const address = `${form.action}?login=${encodeURIComponent(form.elements.login.value)}`;
    const answer = await fetch(address);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!page.querySelector('[data-news="delivery"] > *')) return;
    allowResend?.();
    endTime?.();
    for (const place of document.querySelectorAll("[data-news]")) {
      if (place.contains(document.activeElement)) continue;
      const news = page.querySelector(`[data-news="${place.dataset.news}"]`);
      place.replaceChildren(...(news?.childNodes ?? []));
    }
  };
  // The person reloads the page to see what could not be fetched.
  const timer = setTimeout(() => look().catch(() => {}), (Number(seconds) + 1) * 1000);
  form.addEventListener("submit", () => clearTimeout(timer));
}

function announce(form, text) {
  form.querySelector("[data-announce]").textContent = text;
}

// Lets the browser offer the code of the message that has just arrived (WebOTP).
async function fillFromMessage(form, waiting) {
  if (!("OTPCredential" in window)) return;
  form.addEventListener("submit", () => waiting.abort());
  const message = await navigator.credentials.get({
    otp: { transport: ["sms"] },
    signal: waiting.signal,
  });
  if (!message?.code) return;
  form.elements.passcode.value = message.code;
  form.requestSubmit(form.querySelector("button[data-continue]") ?? form.querySelector("button.primary"));
}

for (const form of document.querySelectorAll("form[data-otp]")) {
  const waiting = new AbortController();
  const endTime = showTimeLeft(form, waiting);
  lookForNews(form, holdResend(form), endTime);
  // The person says no, or the wait is over: the code is typed by hand.
  fillFromMessage(form, waiting).catch(() => {});
}
