module github.com/seeable-lab/seeable

go 1.26.5

require (
	github.com/BurntSushi/toml v1.6.0
	github.com/agnivade/levenshtein v1.2.1 // names the nearest key of a misspelt one
	github.com/go-echarts/go-echarts/v2 v2.6.7 // charts for the screen; nothing is loaded from where it points to
	github.com/gofrs/flock v0.13.0 // one process fetches, the others wait
	github.com/gomlx/compute v0.1.2
	github.com/gomlx/go-xla v0.4.1
	github.com/gomlx/gomlx v0.28.2
	github.com/janpfeifer/gonb v0.11.4 // what a cell tells the notebook's kernel; the kernel itself is in tools/go.mod
	github.com/maruel/natural v1.3.0 // frame 2 before frame 10
	github.com/schollz/progressbar/v3 v3.19.0
	github.com/spf13/cobra v1.10.2
	github.com/spf13/pflag v1.0.9 // the type of a flag, for a test of all of them
	golang.org/x/image v0.48.0 // WebP, BMP and TIFF; scaling with a proper filter; antialiased paths of the drawn faces
	golang.org/x/sys v0.50.0 // tells lab/detect and lab/accel/onednn what the processor has
	golang.org/x/term v0.40.0
	golang.org/x/text v0.44.0 // label files in UTF-16; names with accents taken apart
	gonum.org/v1/gonum v0.17.0
	gonum.org/v1/plot v0.17.0
	google.golang.org/protobuf v1.36.11 // wire format of ONNX weights
)

require (
	codeberg.org/go-fonts/liberation v0.5.0 // indirect
	codeberg.org/go-latex/latex v0.2.0 // indirect
	codeberg.org/go-pdf/fpdf v0.11.1 // indirect
	git.sr.ht/~sbinet/gg v0.7.0 // indirect
	github.com/ajstarks/svgo v0.0.0-20211024235047-1546f124cd8b // indirect
	github.com/go-logr/logr v1.4.3 // indirect
	github.com/gofrs/uuid v4.4.0+incompatible // indirect
	github.com/golang/freetype v0.0.0-20170609003504-e2365dfdc4a0 // indirect
	github.com/inconshreveable/mousetrap v1.1.0 // indirect
	github.com/mitchellh/colorstring v0.0.0-20190213212951-d06e56a500db // indirect
	github.com/pkg/errors v0.9.1 // indirect
	github.com/rivo/uniseg v0.4.7 // indirect
	golang.org/x/exp v0.0.0-20260410095643-746e56fc9e2f // indirect
	k8s.io/klog/v2 v2.140.0 // indirect
)
