package lab

import "github.com/seeable-lab/seeable/lab/nb"

// OpenNotebook opens the lab for the cell of a notebook: it shows below the cell what it does, the curves of a training
// included. Its runs lie in the notebook's parameter "results", which is the checkout's results/runs by default.
func OpenNotebook(options ...Option) (*Lab, error) {
	progress := nb.NewProgress()
	report := func(e Event) {
		switch t := e.Training; {
		case e.Note != "":
			progress.Note(e.Note)
		case t != nil:
			progress.Step(e.Stage, nb.TrainingStep{
				Step: t.Step, Steps: t.Steps, Loss: t.Loss, Accuracy: t.Accuracy, HeldOut: t.HeldOut,
			})
		default:
			progress.Stage(e.Stage, e.Done, e.Total)
		}
	}
	return Open(nb.Param("results", nb.Path("results", "runs")), append([]Option{WithReport(report)}, options...)...)
}
