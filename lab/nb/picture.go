package nb

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html"
	"image"
	"image/png"
	"strings"
)

// Picture is an image with what is written below it.
type Picture struct {
	Image   image.Image
	Caption string
}

// Pictures shows images side by side in rows as wide as the page, each width pixels of the screen wide. Enlarged ones
// show their pixels.
func Pictures(width int, pictures ...Picture) {
	if Active() {
		HTML(row(width, pictures))
	}
}

func row(width int, pictures []Picture) string {
	var b strings.Builder
	b.WriteString(`<div style="display:flex;flex-wrap:wrap;gap:10px">`)
	for _, p := range pictures {
		var data bytes.Buffer
		if err := png.Encode(&data, p.Image); err != nil {
			fail(fmt.Errorf("nb: picture %q: %w", p.Caption, err))
		}
		rendering := "auto"
		if p.Image.Bounds().Dx() < width {
			rendering = "pixelated"
		}
		fmt.Fprintf(&b, `<figure style="margin:0;width:%dpx"><img alt="%s" style="width:%dpx;max-width:none;image-rendering:%s" src="data:image/png;base64,%s">`+
			`<figcaption style="font-size:85%%;line-height:1.25;text-align:center">%[2]s</figcaption></figure>`,
			width, html.EscapeString(p.Caption), width, rendering, base64.StdEncoding.EncodeToString(data.Bytes()))
	}
	b.WriteString("</div>")
	return b.String()
}
