package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/cli/command"
	"github.com/seeable-lab/seeable/lab/notebook"
)

func newNotebook() *cobra.Command {
	var server notebook.Server
	var noBrowser bool
	var data string
	cmd := &cobra.Command{
		Use:   "notebook [NOTEBOOK]",
		Short: "Open the notebooks in JupyterLab",
		Long: `Notebook opens JupyterLab with a Go kernel on this computer's own address 127.0.0.1; cells import the lab's packages.
The first start fetches JupyterLab and builds the kernel GoNB into the cache; a Jupyter of yours is not touched.
NOTEBOOK is a path, or a part of the name of a file in the folder notebooks; without one the tour opens.`,
		Example: `  seelab notebook
  seelab notebook prototypes --no-browser --port 9000
  seelab notebook run --html              execute all notebooks, as the tests do
  seelab notebook run tour -p steps=50    with another value of a parameter`,
		Args: command.Arguments(0, 1, "at most one notebook"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				args = []string{"tour"}
			}
			root, books, err := notebook.FindBooks(args)
			if err != nil {
				return err
			}
			if server.Book, err = filepath.Rel(root, books[0]); err != nil || strings.HasPrefix(server.Book, "..") {
				return fmt.Errorf("%s lies outside of %s: copy it into the folder notebooks", books[0], root)
			}
			_, all, err := notebook.FindBooks(nil) // any of them may be opened
			if err != nil {
				return err
			}
			if server.Params, err = notebook.CheckParams(append(all, books...), server.Params); err != nil {
				return err
			}
			jupyter, err := notebook.Open(cmd.Context(), root, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			server.Browser, server.Env = !noBrowser, dataEnv(data)
			return jupyter.Serve(cmd.Context(), server, cmd.OutOrStdout())
		},
	}
	cmd.Flags().IntVar(&server.Port, "port", 0, "`port` of 127.0.0.1; the default is the first free one from 8888 on")
	cmd.Flags().BoolVar(&noBrowser, "no-browser", false, "only tell the address")
	cmd.Flags().StringToStringVarP(&server.Params, "param", "p", nil, "`name=value` of a parameter of the notebooks")
	dataFlag(cmd, &data)
	cmd.AddCommand(newNotebookRun())
	return cmd
}

func newNotebookRun() *cobra.Command {
	var run notebook.Run
	var data string
	cmd := &cobra.Command{
		Use:   "run [NOTEBOOK...]",
		Short: "Execute notebooks without a browser",
		Long: `Run executes notebooks from top to bottom, each in a fresh kernel, and writes the executed ones into a folder.
It fails at the first cell that fails and names it. Without a NOTEBOOK it executes all.`,
		Example: `  seelab notebook run --html
  seelab notebook run tour prototypes -p steps=50 --out /tmp/executed`,
		Args: command.Arguments(0, -1, "any number of notebooks"),
		RunE: func(cmd *cobra.Command, args []string) error {
			root, books, err := notebook.FindBooks(args)
			if err != nil {
				return err
			}
			if run.Params, err = notebook.CheckParams(books, run.Params); err != nil {
				return err
			}
			if !cmd.Flags().Changed("out") {
				run.Out = filepath.Join(root, run.Out)
			}
			jupyter, err := notebook.Open(cmd.Context(), root, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			run.Env = dataEnv(data)
			for _, book := range books {
				start := time.Now()
				run.Books = []string{book}
				if err := jupyter.Execute(cmd.Context(), run, func(notebook.Event) {}); err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s: %.1f s\n", filepath.Base(book), time.Since(start).Seconds())
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&run.Out, "out", filepath.Join("results", "notebooks"), "`folder` for the executed notebooks")
	cmd.Flags().BoolVar(&run.HTML, "html", false, "write pages too, which open without a network")
	cmd.Flags().DurationVar(&run.Timeout, "timeout", 30*time.Minute, "longest `time` for one cell")
	cmd.Flags().StringToStringVarP(&run.Params, "param", "p", nil, "`name=value` of a parameter of the notebooks")
	dataFlag(cmd, &data)
	return cmd
}

func dataFlag(cmd *cobra.Command, data *string) {
	cmd.Flags().StringVar(data, "data", os.Getenv(lab.DataEnv), "`folder` of the data; the default is $"+lab.DataEnv)
}

// dataEnv tells cells where the data lie; they may run in another folder.
func dataEnv(data string) []string {
	if data == "" {
		return nil
	}
	if abs, err := filepath.Abs(data); err == nil {
		data = abs
	}
	return []string{lab.DataEnv + "=" + data}
}
