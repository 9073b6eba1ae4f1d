package store

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
	False *Proportion `json:"false_alarms"`
	Found *Proportion `json:"found"`
}

// Proportion is a share of faces with its interval, as package metric measures it.
type Proportion struct {
	Share  float64 `json:"share"`
	Low    float64 `json:"low"` // 95 % interval by people
	High   float64 `json:"high"`
	N      int     `json:"n"` // faces
	People int     `json:"people"`
}
