package robust

// Published is what a paper prints of a detector: its AUC over videos, mean over the five levels of each of the seven kinds. All
// are of FaceForensics++, trained and tested on it, so that they are not to be compared with figures of other data, nor of another
// paper: two papers are up to 0.32 apart for one detector and one kind.
type Published struct {
	Detector string
	Source   string
	Clean    float64    // 0 if it is not given
	Kinds    [7]float64 // in the order of Kinds
	Mean     float64
}

// speechForensics is Liang et al., SpeechForensics (arXiv 2508.09913), Table 7, which ran all of its detectors itself.
const speechForensics = "arXiv 2508.09913, Table 7"

// PublishedFigures are those that were read in their source.
func PublishedFigures() []Published {
	return []Published{
		{"Xception", speechForensics, .922, [7]float64{.928, .911, .925, .519, .738, .791, .633}, .778},
		{"Face X-ray", speechForensics, .977, [7]float64{.951, .858, .973, .517, .629, .868, .528}, .761},
		{"LipForensics", speechForensics, .996, [7]float64{.992, .996, .834, .770, .987, .940, .635}, .879},
		{"FTCN", speechForensics, .994, [7]float64{.993, .952, .782, .520, .896, .810, .857}, .830},
		{"RealForensics", speechForensics, .996, [7]float64{.987, .987, .768, .756, .983, .985, .972}, .920},
		{"SpeechForensics", speechForensics, .976, [7]float64{.974, .967, .946, .808, .974, .967, .942}, .941},
	}
}
