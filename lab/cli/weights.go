package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/cli/command"
	"github.com/seeable-lab/seeable/lab/encoder"
	"github.com/seeable-lab/seeable/lab/safetensors"
	"github.com/seeable-lab/seeable/lab/store"
)

// backbonePath is where a run's weights hold the backbone.
const backbonePath = "/net/backbone"

func newWeights() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "weights",
		Short: "List, import and export weights of encoders",
		Long: `Weights deals with files of backbone weights: what a run starts from (encoder.weights) and what it has learnt. Names and
layouts are those of timm; EfficientNets are also understood in the names of efficientnet_pytorch.`,
		Example: `  seelab weights list
  seelab weights import tf_efficientnet_b4.safetensors --encoder efficientnet-b4
  seelab weights export seeable-mini backbone.safetensors`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("unknown command %q; there are list, import and export", args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newWeightsList(), newWeightsImport(), newWeightsExport())
	return cmd
}

func newWeightsList() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the weights in the cache and those that can be brought",
		Example: `  seelab weights list`,
		Args:    command.Arguments(0, 0, "none"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			list, err := encoder.Weights()
			if err != nil {
				return err
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "encoder.name\tencoder.weights\tMB\twhere")
			for _, s := range list {
				where := "in the cache"
				if s.Path == "" {
					where = "to be downloaded at the first use"
				}
				fmt.Fprintf(w, "%s\t%s\t%.1f\t%s\n", s.Encoder, s.Name, float64(s.Bytes)/1e6, where)
			}
			return w.Flush()
		},
	}
}

func newWeightsImport() *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use:   "import FILE --encoder NAME",
		Short: "Check a file of weights and put it into the cache",
		Long: `Import takes a safetensors file, or a PyTorch state dict (.pth, .pt, .tar, …; needs python3, and runs no code of the file).
Every tensor of the backbone must be there in its shape, and no unknown one; a classifier is left out. It prints the
path for encoder.weights.`,
		Example: `  seelab weights import resnet18.safetensors --encoder resnet18
  seelab run seeable-mini --set encoder.name=resnet18 --set encoder.weights=PATH`,
		Args: command.Arguments(1, 1, "one file of weights"),
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := encoder.Import(cmd.Context(), args[0], name)
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), path)
			return nil
		},
	}
	cmd.Flags().StringVar(&name, "encoder", "", "`name` of the network, as in encoder.name")
	if err := cmd.MarkFlagRequired("encoder"); err != nil {
		panic(err) // the flag is defined one line above
	}
	return cmd
}

func newWeightsExport() *cobra.Command {
	var s command.Surroundings
	cmd := &cobra.Command{
		Use:   "export RUN FILE",
		Short: "Write the backbone of a finished run in timm's names",
		Long: `Export writes a safetensors file that timm loads into the network without its classifier (load_state_dict with
strict=False), and that seelab weights import takes back.`,
		Example: `  seelab weights export seeable-mini backbone.safetensors`,
		Args:    command.Arguments(2, 2, "a run and the file to write"),
		RunE: func(cmd *cobra.Command, args []string) error {
			l, err := lab.Open(s.Results)
			if err != nil {
				return err
			}
			run, err := l.Load(args[0])
			if err != nil {
				return err
			}
			if _, err := os.Lstat(args[1]); err == nil {
				return fmt.Errorf("%s is there already; name a new file", args[1])
			}
			file, err := safetensors.Read(filepath.Join(run.Dir, store.WeightsFile))
			if err != nil {
				return err
			}
			backbone, err := encoder.Export(run.Spec.Encoder, backbonePath, file)
			if err != nil {
				return err
			}
			return safetensors.Write(args[1], backbone)
		},
	}
	s.ResultsFlag(cmd)
	return cmd
}
