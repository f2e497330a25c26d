// The page on which one allows this browser to show alerts. Asks only when the button is pressed.

const place = document.querySelector("[data-push]");
const button = place?.querySelector("[data-push-allow]");
const words = place?.querySelector("[data-push-words]");

const say = (text) => words.replaceChildren(text);

/** The key as the browser wants it: bytes instead of base64url. */
function bytes(key) {
  const plain = atob(key.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (c) => c.charCodeAt(0));
}

async function allow() {
  button.disabled = true;
  try {
    if ((await Notification.requestPermission()) !== "granted") {
      return say("This browser was told not to show alerts. Its settings for this site change that.");
    }
    const worker = await navigator.serviceWorker.register(place.dataset.worker);
    await navigator.serviceWorker.ready;
    const subscription = await worker.pushManager.subscribe({
      userVisibleOnly: true,
      applicationServerKey: bytes(place.dataset.key),
    });
    const answer = await fetch(place.dataset.add, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        "X-CSRFToken": document.querySelector("[name=csrfmiddlewaretoken]").value,
      },
      body: JSON.stringify(subscription),
    });
    if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).error ?? String(answer.status));
    location.reload();
  } catch (error) {
    say(`That did not work: ${error.message}`);
  } finally {
    button.disabled = false;
  }
}

if (button) {
  if ("serviceWorker" in navigator && "PushManager" in window && "Notification" in window) {
    button.hidden = false;
    say("");
    button.addEventListener("click", allow);
  } else {
    say("This browser cannot show alerts of a page that is closed.");
  }
}
