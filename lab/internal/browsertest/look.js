// Tells what became of a page, in an element at its end.
window.wrong = [];
addEventListener("error", e => wrong.push(e.message));
addEventListener("unhandledrejection", e => wrong.push(String(e.reason)));
addEventListener("securitypolicyviolation", e => wrong.push("wants " + e.blockedURI + " for " + e.violatedDirective));
const error = console.error;
console.error = (...list) => { wrong.push(list.join(" ")); error(...list); };
function colours(canvas) {
  const copy = document.createElement("canvas");
  copy.width = canvas.width; copy.height = canvas.height;
  const c = copy.getContext("2d");
  c.drawImage(canvas, 0, 0);
  const seen = new Set(), data = new Uint32Array(c.getImageData(0, 0, copy.width, copy.height).data.buffer);
  for (const pixel of data) seen.add(pixel);
  return seen.size;
}
function picture(figure) {
  const whole = document.createElement("canvas"), c = whole.getContext("2d");
  whole.width = figure.clientWidth; whole.height = figure.clientHeight;
  c.fillStyle = "#fff"; c.fillRect(0, 0, whole.width, whole.height);
  for (const canvas of figure.querySelectorAll("canvas")) c.drawImage(canvas, 0, 0, whole.width, whole.height);
  return whole.toDataURL();
}
function tell(tries) {
  const figures = [...document.querySelectorAll(".seeable-chart")];
  if (tries && figures.some(figure => figure.querySelector("svg"))) return setTimeout(tell, 100, tries - 1);
  const told = document.createElement("pre");
  told.id = "told";
  told.hidden = true;
  told.textContent = JSON.stringify({ wrong, charts: figures.map(figure => ({
    title: figure.ariaLabel, still: !!figure.querySelector("svg"),
    colours: [...figure.querySelectorAll("canvas")].map(colours), picture: picture(figure),
  })) });
  document.body.append(told);
}
addEventListener("load", () => tell(40));
