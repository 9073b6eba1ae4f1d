// Draws the charts of a page once ECharts is there. A chart is put into the list window.seeableCharts as
// {figure, option, gl}; figure is the element that shows a still picture until then, and for good where drawing fails.
(() => {
  const before = window.seeableCharts;
  if (before && before.load) return; // sent twice
  const ready = { core: null, gl: null }, sent = {}, waiting = before || [];

  // What the strings in an option stand for that begin with "seeable:".
  const functions = {
    "seeable:band": (params, api) => {
      if (params.dataIndexInside > 0) return; // one polygon for all items
      const points = [];
      for (let i = 0; i < params.dataInsideLength; i++) points.push(api.coord([api.value(0, i), api.value(2, i)]));
      for (let i = params.dataInsideLength - 1; i >= 0; i--) points.push(api.coord([api.value(0, i), api.value(1, i)]));
      return { type: "polygon", silent: true, shape: { points }, style: { fill: api.visual("color"), opacity: 0.13 } };
    },
    "seeable:whisker": (params, api) =>
      whisker(api, api.coord([api.value(0), api.value(1)]), api.coord([api.value(0), api.value(2)]), [5, 0]),
    "seeable:across": (params, api) =>
      whisker(api, api.coord([api.value(0), api.value(2)]), api.coord([api.value(1), api.value(2)]), [0, 5]),
    // The share, in percent, of the normal distribution below a deviate (Abramowitz and Stegun 26.2.17).
    "seeable:deviate": z => {
      const t = 1 / (1 + 0.2316419 * Math.abs(z));
      const tail = Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI) *
        t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
      return String(+((z < 0 ? tail : 1 - tail) * 100).toPrecision(2));
    },
  };
  function whisker(api, [x0, y0], [x1, y1], [cx, cy]) {
    const line = (x1, y1, x2, y2) => ({ type: "line", shape: { x1, y1, x2, y2 }, style: { stroke: api.visual("color"), lineWidth: 1.6 } });
    return { type: "group", children: [
      line(x0, y0, x1, y1), line(x0 - cx, y0 - cy, x0 + cx, y0 + cy), line(x1 - cx, y1 - cy, x1 + cx, y1 + cy),
    ] };
  }
  function resolve(option) {
    for (const s of option.series || []) if (s.renderItem) s.renderItem = functions[s.renderItem];
    for (const axis of [].concat(option.xAxis || [], option.yAxis || [])) {
      const label = axis.axisLabel || {};
      if (functions[label.formatter]) label.formatter = functions[label.formatter];
    }
    if (option.grid3D && matchMedia("(prefers-reduced-motion: reduce)").matches) option.grid3D.viewControl.autoRotate = false;
    return option;
  }
  function draw(figure, option) {
    const still = figure.firstElementChild, place = document.createElement("div");
    place.style.cssText = "position:absolute;inset:0";
    figure.append(place);
    try {
      const chart = ready.core.init(place);
      chart.setOption(resolve(option));
      new ResizeObserver(() => { if (place.clientWidth) chart.resize(); }).observe(place);
      still.remove();
    } catch (reason) {
      place.remove();
      console.error("chart not drawn:", reason);
    }
  }
  function whenSeen(figure, option) {
    if (figure.clientWidth) return draw(figure, option);
    const watch = new ResizeObserver(() => { if (figure.clientWidth) { watch.disconnect(); draw(figure, option); } });
    watch.observe(figure); // in a closed fold or a hidden tab
  }
  const charts = window.seeableCharts = {
    push(chart) {
      if (ready.core && (ready.gl || !chart.gl)) whenSeen(chart.figure, chart.option);
      else waiting.push(chart);
    },
    // Runs a library that comes as base64 of gzip. It must not see a page's AMD or CommonJS loader, which it would take
    // for its own and set no global.
    async load(name, packed) {
      if (sent[name]) return;
      const bytes = Uint8Array.from(atob(packed), c => c.charCodeAt(0));
      const text = new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
      const after = sent.core; // the GL library extends the other
      sent[name] = (async () => {
        const library = await text;
        if (name === "gl") await after;
        const script = document.createElement("script");
        script.textContent = "(function (exports, module, define) {" + library + "\n}).call(window);";
        document.head.append(script);
        script.remove();
        if (name === "core") ready.core = window.echarts; else ready.gl = true;
        for (const chart of waiting.splice(0)) charts.push(chart);
      })();
    },
  };
})();
