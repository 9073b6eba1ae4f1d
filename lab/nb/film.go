package nb

import (
	"fmt"
	"html"
	"strings"

	"github.com/seeable-lab/seeable/lab/figure"
)

// Film shows still figures one after the other in one place: a slider chooses, a button plays. Where no script runs the
// last one is seen.
func Film(figures ...figure.Figure) {
	var stills []string
	for _, f := range figures {
		still, err := figure.Inline(f)
		Check(err)
		stills = append(stills, string(still))
	}
	if Active() && len(stills) > 0 {
		HTML(film(stills))
	}
}

func film(stills []string) string {
	last := len(stills) - 1
	var b strings.Builder
	b.WriteString(`<div class="seeable-film">`)
	for i, still := range stills {
		hidden := ""
		if i < last {
			hidden = " hidden"
		}
		fmt.Fprintf(&b, "<div%s>%s</div>", hidden, still)
	}
	fmt.Fprintf(&b, `<button type="button">%s</button> <input type="range" min="0" max="%d" value="%[2]d" aria-label="frame" style="width:320px;vertical-align:middle"> <output>%d of %[3]d</output>`,
		html.EscapeString("▶ play"), last, last+1)
	b.WriteString(filmScript)
	b.WriteString("</div>")
	return b.String()
}

const filmScript = `<script>(() => {
const film = document.currentScript.parentElement, frames = film.querySelectorAll(":scope > div");
const slider = film.querySelector("input"), button = film.querySelector("button"), count = film.querySelector("output");
let timer = 0;
const show = i => {
  frames.forEach((frame, j) => frame.hidden = i !== j);
  slider.value = i; count.textContent = (i + 1) + " of " + frames.length;
};
const stop = () => { clearInterval(timer); timer = 0; button.textContent = "▶ play"; };
slider.oninput = () => { stop(); show(+slider.value); };
button.onclick = () => {
  if (timer) return stop();
  let i = +slider.value === frames.length - 1 ? -1 : +slider.value;
  button.textContent = "❚❚ pause";
  timer = setInterval(() => { if (!film.isConnected || ++i >= frames.length) return stop(); show(i); }, 700);
};
})()</script>`
