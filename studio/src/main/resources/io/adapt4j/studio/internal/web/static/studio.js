"use strict";
// Everything works without this script but live parts and uploads.
const body = document.body;

function onReady(root) {
  for (const select of root.querySelectorAll("select[data-send]")) {
    select.addEventListener("change", () => select.form.requestSubmit());
  }
  for (const button of root.querySelectorAll("[data-scriptless]")) button.hidden = true;
  for (const button of root.querySelectorAll("[data-scripted]")) button.hidden = false;
  for (const part of root.querySelectorAll("[data-live]")) live(part);
  for (const form of root.querySelectorAll("form[data-upload]")) upload(form);
  for (const form of root.querySelectorAll("form[data-check]")) check(form);
  for (const button of root.querySelectorAll("[data-copy]")) {
    button.addEventListener("click", async () => {
      const text = button.parentElement.querySelector("pre");
      try {
        await navigator.clipboard.writeText(text.textContent);
      } catch (e) {
        // The browser does not let pages write there: the text is selected, to be copied by key.
        getSelection().selectAllChildren(text);
        return;
      }
      const name = button.textContent;
      button.textContent = button.dataset.done;
      setTimeout(() => { button.textContent = name; }, 1500);
    });
  }
}

// Replaces a part by what its address answers, again and again while it says so.
function live(part) {
  const wait = Number(part.dataset.every || 1000);
  setTimeout(async () => {
    if (!part.isConnected) return;
    if (document.hidden) {
      document.addEventListener("visibilitychange", () => live(part), { once: true });
      return;
    }
    try {
      const answer = await fetch(part.dataset.live, { headers: { "X-Part": "1" } });
      if (!answer.ok) throw new Error(String(answer.status));
      if (answer.headers.get("X-Reload")) {
        if (typed()) live(part);
        else location.reload();
        return;
      }
      replace(part, await answer.text());
    } catch (e) {
      part.classList.add("stale");
      live(part);
    }
  }, wait);
}

// A page is not loaded anew while something in it is being typed.
function typed() {
  const fields = [...document.querySelectorAll("main input:not([type=hidden]), main textarea, main select")];
  return fields.some(each => each === document.activeElement || (each.options
    ? [...each.options].some((option, i) => option.selected !== (option.defaultSelected || (i === 0 && !each.querySelector("[selected]"))))
    : each.value !== each.defaultValue || each.checked !== each.defaultChecked));
}

// The server escapes all texts of a part, as in a page; scripts in it would not run.
function replace(part, html) {
  const open = [...part.querySelectorAll("details[open]")].map(each => each.id);
  const focused = document.activeElement && part.contains(document.activeElement)
    ? document.activeElement.id : "";
  const fresh = document.createElement("template");
  fresh.innerHTML = html;
  const element = fresh.content.firstElementChild;
  if (element.outerHTML === part.outerHTML) {
    part.classList.remove("stale");
    live(part);
    return;
  }
  part.replaceWith(element);
  tell(element);
  for (const id of open) if (id && document.getElementById(id)) document.getElementById(id).open = true;
  if (focused && document.getElementById(focused)) document.getElementById(focused).focus();
  onReady(element.parentElement === null ? element : wrap(element));
}

// Says a new state to screen readers once, not with each replacement.
function tell(element) {
  const state = element.querySelector("[data-state]");
  const said = document.getElementById("said");
  if (state && said && said.textContent !== state.textContent) said.textContent = state.textContent;
}

function wrap(element) {
  return { querySelectorAll: pattern => [element, ...element.querySelectorAll("*")].filter(each => each.matches(pattern)) };
}

// Sends files one after the other, each as the body of a request.
function upload(form) {
  const input = form.querySelector("input[type=file]");
  const bar = form.querySelector("progress");
  const said = form.querySelector("[data-said]");
  const send = async files => {
    let target = "";
    for (const file of files) {
      said.textContent = file.name;
      bar.hidden = false;
      const answer = await new Promise(resolve => {
        const request = new XMLHttpRequest();
        request.open("POST", form.action + "?name=" + encodeURIComponent(file.name));
        request.setRequestHeader("Content-Type", "application/octet-stream");
        request.upload.onprogress = e => { bar.max = e.total || 1; bar.value = e.loaded; };
        request.onload = request.onerror = () => resolve(request);
        request.send(file);
      });
      if (answer.status !== 200) {
        said.textContent = file.name + ": " + (answer.status ? answer.responseText : body.dataset.failed);
        bar.hidden = true;
        return;
      }
      target = answer.responseText;
    }
    if (target) location.assign(target);
  };
  input.addEventListener("change", () => send(input.files));
  form.addEventListener("dragover", e => { e.preventDefault(); form.classList.add("over"); });
  form.addEventListener("dragleave", () => form.classList.remove("over"));
  form.addEventListener("drop", e => {
    e.preventDefault();
    form.classList.remove("over");
    send(e.dataTransfer.files);
  });
}

// Sends a form as it is typed in and shows what the server says about it.
function check(form) {
  let timer;
  let round = 0;
  form.addEventListener("input", e => {
    form.elements.edited.value = e.target.name === "yaml" ? "yaml" : "form";
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const mine = ++round;
      const data = new URLSearchParams(new FormData(form));
      const answer = await fetch(form.dataset.check, { method: "POST", body: data });
      if (!answer.ok || mine !== round) return;
      const said = await answer.json();
      for (const [name, text] of Object.entries(said.fields)) {
        const field = form.elements[name];
        if (field && field !== e.target && field.value !== text) field.value = text;
      }
      for (const each of form.querySelectorAll("[data-problem]")) {
        each.textContent = said.problems[each.dataset.problem] || "";
      }
    }, 350);
  });
}

// Shows at once that a form was sent, however long the answer takes.
document.addEventListener("submit", e => {
  if (e.submitter) e.submitter.setAttribute("aria-busy", "true");
});
window.addEventListener("pageshow", () => {
  for (const each of document.querySelectorAll("[aria-busy]")) each.removeAttribute("aria-busy");
});

document.addEventListener("keydown", e => {
  // Page keys of long lists and letters of buttons, where no field is being typed in.
  if (e.target.closest("input, textarea, select") || e.ctrlKey || e.metaKey || e.altKey) return;
  const rel = { ArrowLeft: "prev", ArrowRight: "next" }[e.key];
  const link = rel && document.querySelector("a[rel=" + rel + "]");
  if (link) link.click();
  const button = /^[a-z]$/.test(e.key) && document.querySelector("[data-key=" + e.key + "]");
  if (button) button.click();
});

onReady(document);
