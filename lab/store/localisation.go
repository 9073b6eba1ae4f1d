package store

// Localisation is how well the maps of a detector point at what was manipulated (package localise), on faces with known masks.
type Localisation struct {
	On     string `json:"on"`     // a test set, or [PseudoFakes]
	Method string `json:"method"` // a manipulation, or "all"
	Images int    `json:"images"`
	People int    `json:"people"`
	// Pixel AUC and IoU of the map.
	AUC Estimate `json:"auc"`
	IoU Estimate `json:"iou"`
	// BlindAUC is that of the map with one value wherever it says something, BlindDifference the map's AUC less that.
	BlindAUC        Estimate `json:"blind_auc"`
	BlindDifference Estimate `json:"blind_difference"`
	// Rival is the mean mask of the other people; null where there are no others.
	Rival *LocalisationRival `json:"rival"`
	// Best and Worst are the faces with the largest and the smallest pixel AUC.
	Best  string `json:"best,omitempty"`
	Worst string `json:"worst,omitempty"`
	// Unmeasured are fakes that were to be measured and have no figure, with the reason; with all manipulations only.
	Unmeasured []Unscored `json:"unmeasured,omitempty"`
	Synthetic  bool       `json:"synthetic,omitempty"`
}

// LocalisationRival is a rival of a map on the same images.
type LocalisationRival struct {
	AUC Estimate `json:"auc"`
	IoU Estimate `json:"iou"`
	// The map's less the rival's, paired by image.
	AUCDifference Estimate `json:"auc_difference"`
	IoUDifference Estimate `json:"iou_difference"`
}

// Estimate is a mean over people with its 95 % interval by people; null ends with too few of them.
type Estimate struct {
	Value float64  `json:"value"`
	Low   *float64 `json:"low"`
	High  *float64 `json:"high"`
}

// PseudoFakes is what [Localisation] calls self-blended images of held-out people who had no part in the choice of the score.
const PseudoFakes = "pseudo-fakes"
