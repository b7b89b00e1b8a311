"use strict";
(function () {
  var root = document.documentElement, button = document.getElementById("language");
  function name() { button.textContent = root.dataset.lang === "ja" ? "English" : "日本語"; }
  button.addEventListener("click", function () {
    root.dataset.lang = root.lang = root.dataset.lang === "ja" ? "en" : "ja";
    name();
  });
  name();
  button.hidden = false;
  root.dataset.ready = String(Math.max(1, Math.round(performance.now())));
})();
