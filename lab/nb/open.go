package nb

import "github.com/seeable-lab/seeable/lab"

// Open opens the lab for the cell of a notebook: it shows below the cell what it does, the curves of a training
// included. Its runs lie in the notebook's parameter "results", which is the checkout's results/runs by default.
func Open(options ...lab.Option) (*lab.Lab, error) {
	progress := NewProgress()
	report := func(e lab.Event) {
		switch t := e.Training; {
		case e.Note != "":
			progress.Note(e.Note)
		case t != nil:
			progress.Step(e.Stage, TrainingStep{
				Step: t.Step, Steps: e.Total, Loss: t.Loss, Accuracy: t.Accuracy, HeldOut: t.HeldOut,
			})
		default:
			progress.Stage(e.Stage, e.Done, e.Total)
		}
	}
	return lab.Open(Param("results", Path("results", "runs")), append([]lab.Option{lab.WithReport(report)}, options...)...)
}
