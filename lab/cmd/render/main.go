// Command render writes the figures of README.md, of the headers of experiments/*.toml and of results/*.md from the records in
// results/records:
//
//	go run ./lab/cmd/render [FOLDER]
//
// FOLDER is that of the repository, the current one by default. A block between the marks
//
//	<!-- figures: COMMAND ARGUMENTS -->
//	<!-- end of figures -->
//
// (in TOML "# figures: …" and "# end of figures") is replaced by what the command gives; all else stays as it is. The commands:
//
//	training NAME …            networks, effort, what was learnt, pseudo-fakes
//	own NAME …                 what networks know of their own pseudo-fakes, and predict besides a class
//	scores NAME …              every score of a network on the pseudo-fakes that choose one
//	tests NAME …               AUC over videos on every test set
//	manipulations SET NAME …   AUC over the videos of a test set, its manipulations apart
//	compared NAME …            paired differences, of records made with --against
//	published TABLE            a table of paper.toml
//	header                     the same in lines, of the experiment of the file
//
// NAME is an experiment, a sweep, whose cells are rows, or what records of neither are called. NAME* is an experiment and the
// records of its name that differ from it (other seeds, --set, cells of sweeps that build on it). What has no record is
// named as not measured; a record of older numerics or metrics is marked stale.
package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/seeable-lab/seeable/lab/store"
)

func main() {
	root := "."
	if len(os.Args) > 1 {
		root = os.Args[1]
	}
	if err := write(root, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// write renders the pages of a repository, and writes and names those that differ.
func write(root string, names io.Writer) error {
	pages, err := render(root)
	if err != nil {
		return err
	}
	for _, p := range pages {
		if p.text == p.was {
			continue
		}
		if err := store.WriteFile(filepath.Join(root, p.path), []byte(p.text)); err != nil {
			return err
		}
		fmt.Fprintln(names, p.path)
	}
	return nil
}
