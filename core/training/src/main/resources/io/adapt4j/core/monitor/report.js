"use strict";
(function () {
  // The choice of scale survives the page's reloading of itself.
  var radios = document.querySelectorAll("input[name=scale]");
  try {
    var kept = sessionStorage.getItem("scale");
    if (kept && document.getElementById(kept)) document.getElementById(kept).checked = true;
    radios.forEach(function (one) {
      one.addEventListener("change", function () { sessionStorage.setItem("scale", one.id); });
    });
  } catch (e) { /* A browser may forbid storage to pages from disk. */ }

  var silence = Number(document.body.dataset.silence);
  function watch() {
    var minutes = (Date.now() - Number(document.body.dataset.written)) / 60000;
    var note = document.getElementById("silent");
    note.hidden = minutes * 60000 < silence;
    note.textContent = "Nothing new for " + Math.round(minutes)
      + " minutes: the run may have been interrupted.";
  }
  if (silence > 0) { watch(); setInterval(watch, 15000); }

  function short(value) {
    var size = Math.abs(value);
    if (size >= 10000) return Math.round(value).toLocaleString("en");
    return size > 0 && size < 0.001 ? value.toExponential(2) : String(Number(value.toPrecision(4)));
  }

  // Reads numbers back from the drawn points.
  document.querySelectorAll("svg[data-scale]").forEach(function (svg) {
    var scale = svg.dataset.scale.split(" "), box = svg.dataset.box.split(" ").map(Number);
    var low = Number(scale[2]), high = Number(scale[3]), log = scale[4] === "true";
    function step(x) {
      return Number(scale[0]) + (x - box[0]) / (box[1] - box[0]) * (scale[1] - scale[0]);
    }
    function value(y) {
      var share = (box[3] - y) / (box[3] - box[2]);
      return log ? low * Math.pow(high / low, share) : low + share * (high - low);
    }
    var tip = document.createElement("div");
    tip.className = "tip";
    tip.hidden = true;
    svg.parentNode.appendChild(tip);
    var cross = svg.querySelector(".grid").cloneNode(false);
    cross.removeAttribute("d");
    cross.setAttribute("class", "cross");
    svg.appendChild(cross);
    function hide() { tip.hidden = true; cross.removeAttribute("d"); }
    svg.addEventListener("pointerleave", hide);
    svg.addEventListener("pointermove", function (event) {
      var frame = svg.getBoundingClientRect();
      var x = (event.clientX - frame.left) / frame.width * svg.viewBox.baseVal.width;
      if (x < box[0] - 4 || x > box[1] + 4) { hide(); return; }
      var text = "step " + Math.round(step(Math.min(box[1], Math.max(box[0], x)))).toLocaleString("en");
      svg.querySelectorAll("polyline").forEach(function (line) {
        var best = null;
        for (var i = 0; i < line.points.length; i++) {
          var point = line.points[i];
          if (!best || Math.abs(point.x - x) < Math.abs(best.x - x)) best = point;
        }
        if (best) text += "\n" + line.dataset.name + "  " + short(value(best.y));
      });
      tip.textContent = text;
      tip.hidden = false;
      var left = event.clientX - svg.parentNode.getBoundingClientRect().left;
      tip.style.left = left > frame.width / 2 ? "auto" : left + 14 + "px";
      tip.style.right = left > frame.width / 2 ? svg.parentNode.clientWidth - left + 14 + "px" : "auto";
      cross.setAttribute("d", "M" + x.toFixed(1) + " " + box[2] + "V" + box[3]);
    });
  });
})();
