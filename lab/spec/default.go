package spec

// Default returns the default method with the parameters of the official code where they are known, and our choices elsewhere
// (spec section 11), sized for two CPU cores. Method, encoder and loss are those of the packages that are linked, "" where
// there is none.
func Default() Spec {
	return Spec{
		Seed:   1,
		Method: methods.standard(),
		Data: Data{
			Train:   []string{"real/ytfaces", "real/utkface"},
			Test:    []string{},
			Holdout: 0.15,
			Exclude: []string{"Ben_Kingsley", "Ethan_Hawke"}, Landmarks: "set",
		},
		Discrepancy: Discrepancy{
			Regions: "grid", Rows: 4, Cols: 4,
			Types: []string{"spatial", "frequency"},
			Side:  "random", Strength: 1, MinArea: 0.005,
			RGBShift: 20, RGBShiftP: 0.3, HSVShift: 0.3, Brightness: 0.1, Contrast: 0.1,
			Downscale: []int{2, 4}, SharpAlpha: [2]float64{0.2, 0.5}, SharpLight: [2]float64{0.5, 1},
			Translate: [2]float64{0.03, 0.015}, Scale: 0.02,
			Elastic: 50, ElasticSig: 7,
			Kernel: [2]int{5, 25}, Ratios: []float64{0.25, 0.5, 0.75, 1, 1, 1},
		},
		Augment: Augment{
			Flip:     0.5,
			RGBShift: 20, RGBShiftP: 0.3,
			HSVShift: 0.3, HSVShiftP: 0.3,
			Brightness: 0.3, Contrast: 0.3, ContrastP: 0.3,
			JPEG: [2]int{40, 100}, JPEGP: 0.5,
			Resample: [2]float64{0.4, 1}, ResampleP: 0,
			Margin: [2]float64{1.2, 1.7},
			Scale:  [2]float64{1, 1},
		},
		Encoder: Encoder{Name: encoders.standard(), Size: 64, Hidden: 512, Dim: 128, Precision: "float32"},
		Loss: Loss{
			Name: losses.standard(), Temperature: 0.07, BaseTemperature: 0.07, Contrast: "all",
			Lambda: 0.1, Distance: "manhattan", Margin: 0.5,
		},
		Train: Train{
			Steps: 1500, Batch: 64, Views: 2,
			Optimizer: "adamw", LearningRate: 1e-3, WarmUp: 0.05, Decay: "cosine",
			WeightDecay: 0.01, Momentum: 0.9, Clip: 1,
			CurriculumFrom: 5, CurriculumEnd: 0.6,
			Validate: 10, Accumulate: 1,
		},
		Score: Score{Name: auto, Scale: 16, ChooseOn: chooseOn()},
	}
}
