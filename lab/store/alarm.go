package store

import "github.com/seeable-lab/seeable/lab/metric"

// Alarm is how the threshold of a detector did on the faces of a test set.
type Alarm struct {
	Dataset string `json:"dataset"`
	Method  string `json:"method"` // a manipulation, or "all"
	Level   string `json:"level"`  // that the threshold was calibrated on: [LevelFace]
	// Asked is the rate of false alarms that the threshold is for; a face is flagged whose score is above it.
	Asked     float64 `json:"asked"`
	Threshold float64 `json:"threshold"`
	// Calibrated is on how many people's real faces.
	Calibrated int `json:"calibrated_on"`
	// False are the real faces that score above the threshold, Found the fakes (the TPR); null where there are none.
	False *metric.Proportion `json:"false_alarms"`
	Found *metric.Proportion `json:"found"`
}
