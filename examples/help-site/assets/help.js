// The cookie banner and the feedback buttons. Every page reads the same without this file.
"use strict";

const banner = document.getElementById("cookies");

function storedChoice() {
  try {
    return localStorage.getItem("hv_choice");
  } catch {
    return null; // storage is switched off: ask on every page
  }
}

function choose(choice) {
  try {
    localStorage.setItem("hv_choice", choice);
  } catch {
    // nothing to remember it with
  }
  banner.hidden = true;
}

banner.hidden = storedChoice() !== null;

for (const button of document.querySelectorAll("[data-cookies]")) {
  button.addEventListener("click", () => {
    if (button.dataset.cookies === "ask") {
      banner.hidden = false;
      banner.querySelector("button").focus();
    } else {
      choose(button.dataset.cookies);
    }
  });
}

for (const button of document.querySelectorAll("[data-helpful]")) {
  button.addEventListener("click", () => {
    const section = button.closest(".helpful");
    for (const other of section.querySelectorAll("button")) other.disabled = true;
    section.querySelector(".thanks").hidden = false;
  });
}
