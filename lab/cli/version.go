package cli

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/cli/command"
)

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: `  seelab version`,
		Args:    command.Arguments(0, 0, "none"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			fmt.Fprintf(cmd.OutOrStdout(), "seelab %s %s %s/%s\n", lab.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return nil
		},
	}
}
