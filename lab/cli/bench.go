package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/accel/malloc" // also has seelab train with it
	"github.com/seeable-lab/seeable/lab/cli/command"
	"github.com/seeable-lab/seeable/lab/spec"
)

func newBench() *cobra.Command {
	var s command.Surroundings
	d := spec.Default()
	var size, batch, variants int
	var encoder, precision, method string
	var seconds float64
	var asJSON, checkpoint bool
	cmd := &cobra.Command{
		Use:   "bench discrepancy|variants|train|score|makers|systems",
		Short: "Measure speed and memory on this machine",
		Long: `Bench measures on synthetic faces and all cores, without the time that graphs take to compile:
  discrepancy  making augmented training images
  variants     making the K test variants of faces
  train        training, as it is, and with the input and the network each alone
  score        from faces in memory to the official score, with all variants or --variants of them, and in one pass
  makers       making training samples by every method, and what one costs beside one of self-blended images
  systems      training and scoring by every method
With --method, and in the last two, the parameters are those of the experiment METHOD-mini, but for what other flags say.
The Python peer of discrepancy (albumentations 1.3.1 and OpenCV, the official operations) made 220 to 270 images a
second at 128 pixels and 70 to 80 at 224, on two cores.`,
		Example: `  seelab bench discrepancy --size 128
  seelab bench train --encoder compact --size 64 --batch 64 --seconds 20
  seelab bench train --encoder resnet18 --size 128 --batch 16 --precision bfloat16
  seelab bench train --encoder efficientnet-b0 --size 128 --batch 16 --checkpoint
  seelab bench score --json
  seelab bench train --method xray
  seelab bench makers --size 128
  seelab bench systems --seconds 3
  seelab bench score --variants 8`,
		Args: func(_ *cobra.Command, args []string) error {
			if all := append(slices.Clone(lab.Benches), benchMakers, benchSystems); len(args) != 1 || !slices.Contains(all, args[0]) {
				return fmt.Errorf("found %q, want one of %s", args, strings.Join(all, ", "))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			least := time.Duration(seconds * float64(time.Second))
			if size == 0 && slices.Contains([]string{"discrepancy", "variants", benchMakers}, args[0]) {
				size = 128
			}
			if args[0] == benchMakers || args[0] == benchSystems {
				return s.Open(cmd, func(l *lab.Lab) error { return benchMethods(cmd, l, args[0], size, least, asJSON) })
			}
			if method != "" {
				var err error
				if d, err = methodSpec(method, size); err != nil {
					return err
				}
			}
			changed := cmd.Flags().Changed
			if size > 0 {
				d.Encoder.Size = size
			}
			if changed("encoder") {
				d.Encoder.Name = encoder
			}
			if changed("batch") {
				d.Train.Batch = batch
			}
			d.Score.Variants, d.Encoder.Precision, d.Train.Checkpoint = variants, precision, checkpoint
			return s.Open(cmd, func(l *lab.Lab) error {
				speed, err := l.Bench(cmd.Context(), args[0], d, least)
				if err != nil {
					return err
				}
				memory := peakRSS()
				if asJSON {
					return command.PrintJSON(cmd.OutOrStdout(), struct {
						lab.Speed
						PeakRSS float64 `json:"peak_rss_mb"`      // 0 where the system does not report it
						Malloc  string  `json:"malloc,omitempty"` // empty for that of the C library as it is
					}{speed, memory, mallocName()})
				}
				out := cmd.OutOrStdout()
				fmt.Fprintf(out, "%s of %s at %d px, %d cores", speed.Bench, speed.Method, speed.Size, speed.Cores)
				if speed.Encoder != "" {
					fmt.Fprintf(out, ", %s in %s on %s", speed.Encoder, speed.Precision, speed.Backend)
				}
				if speed.Checkpoint {
					fmt.Fprint(out, ", maps recomputed")
				}
				fmt.Fprintf(out, ":\n%10.1f images a second\n", speed.ImagesPerSecond)
				if speed.FacesPerSecond > 0 {
					fmt.Fprintf(out, "%10.1f faces a second\n", speed.FacesPerSecond)
				}
				if speed.CPUPerFace > 0 {
					fmt.Fprintf(out, "%10.1f ms of CPU time a face\n", speed.CPUPerFace)
				}
				if speed.Gain > 0 {
					fmt.Fprintf(out, "%10.1f faces a second with all variants: %d are %.1f times as fast (%.1f times by CPU time)\n",
						speed.FullPerSecond, speed.Variants, speed.Gain, speed.CPUGain)
				}
				if speed.OnePassGain > 0 {
					fmt.Fprintf(out, "%10.1f faces a second in one pass, %.1f times as many as with all variants (%.1f times by CPU time)\n",
						speed.OnePassPerSecond, speed.OnePassGain, speed.OnePassCPUGain)
				}
				if speed.NetworkPerSecond > 0 {
					fmt.Fprintf(out, "%10.1f images a second of the network alone\n", speed.NetworkPerSecond)
				}
				if speed.InputPerSecond > 0 {
					fmt.Fprintf(out, "%10.1f images a second of the input alone\n", speed.InputPerSecond)
				}
				if n := speed.Compiled + speed.Loaded; n > 0 {
					fmt.Fprintf(out, "%10.1f seconds before, for %d programs: %d compiled, %d kept from earlier\n", speed.CompileSeconds, n, speed.Compiled, speed.Loaded)
				}
				fmt.Fprintf(out, "%10.1f MB of memory at the peak", memory)
				if name := mallocName(); name != "" {
					fmt.Fprintf(out, ", malloc %s", name)
				}
				fmt.Fprintln(out)
				return nil
			})
		},
	}
	cmd.Flags().IntVar(&size, "size", 0, "side of the images in `pixels`; the default is 128 for discrepancy, variants and makers, that of the experiment else")
	cmd.Flags().StringVar(&method, "method", "", "`name` of the method; the default is that of experiments")
	cmd.Flags().IntVar(&batch, "batch", d.Train.Batch, "`images` of a training step")
	cmd.Flags().IntVar(&variants, "variants", 0, "`number` of the variants that score makes, 0 for all")
	cmd.Flags().StringVar(&encoder, "encoder", d.Encoder.Name, "`name` of the network")
	cmd.Flags().StringVar(&precision, "precision", d.Encoder.Precision, "`type` of the network's maps: float32 or bfloat16")
	cmd.Flags().BoolVar(&checkpoint, "checkpoint", d.Train.Checkpoint, "train with the maps inside a block recomputed in the backward pass: less memory, more time")
	cmd.Flags().Float64Var(&seconds, "seconds", 5, "least time of a measurement")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	s.BackendFlag(cmd)
	return cmd
}

// mallocName names the malloc that this process has, where it isn't that of the C library as it is.
func mallocName() string {
	if malloc.Kept() {
		return "keeps freed memory (lab/accel/malloc)"
	}
	return ""
}
