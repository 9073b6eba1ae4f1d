// Package spec describes one experiment as a typed value.
//
// A [Spec] holds everything that changes a number in a result and nothing else: two runs of one spec on one data set
// give the same scores, and [Spec.Hash] names them. Surroundings (where the data lie, which backend computes, how many
// cores) are options of package lab, not of the spec. Specs are written as TOML; a key that does not exist is an error
// that names the nearest one that does.
//
// The methods, encoders and embedding losses that a spec may name are those whose packages are linked: they register here
// ([RegisterMethod]), with their defaults, bounds and help. A method may own a sub-table of the spec ([Own]).
package spec

// Spec is one experiment. The zero value is not useful: start from [Default].
type Spec struct {
	Name        string      `toml:"name" doc:"what people call the experiment; it does not enter the hash"`
	Seed        uint64      `toml:"seed" doc:"every random choice is a function of it and of a step or item id"`
	Method      string      `toml:"method" doc:"{methods}"`
	Data        Data        `toml:"data"`
	Discrepancy Discrepancy `toml:"discrepancy"`
	Augment     Augment     `toml:"augment"`
	Encoder     Encoder     `toml:"encoder"`
	Loss        Loss        `toml:"loss"`
	Train       Train       `toml:"train"`
	Score       Score       `toml:"score"`

	own *ownTable // nil while it is the default one; see [Own]
}

// Data says which faces train and which test.
type Data struct {
	Train   []string `toml:"train" doc:"folders of real faces under the data root, or \"synthetic\""`
	Test    []string `toml:"test" doc:"test sets by name, for example \"FF++ c40\"; empty means all that are found"`
	Holdout float64  `toml:"holdout" doc:"share of the training identities that is held out to validate, in (0, 1)"`
	Exclude []string `toml:"exclude" doc:"identities never trained on, because a test set shows them"`
	// Landmarks and Fakes came later; see later in toml.go.
	Landmarks string `toml:"landmarks" doc:"where landmarks come from: set (its manifest; a mean shape where there are none) | detect (the lab's detector; a face in which it finds none is left out)"`
	Fakes     bool   `toml:"fakes" doc:"labelled fakes train as well; only for methods that learn from them"`
}

// Discrepancy says how soft discrepancies are made (spec section 2). K = regions × types, and one more where pristine
// faces have a share ([Discrepancy.Classes]).
type Discrepancy struct {
	Regions  string   `toml:"regions" doc:"grid | meshgrid | sladd | whole | dfl | components | extended"`
	Rows     int      `toml:"rows" doc:"rows of the grid"`
	Cols     int      `toml:"cols" doc:"columns of the grid"`
	Types    []string `toml:"types" doc:"what is perturbed, one class each: spatial (colour), frequency (detail), combined (colour, then detail, as in SBI; ours)"`
	Side     string   `toml:"side" doc:"which side of the region is perturbed in training: inside | outside | random"`
	Strength float64  `toml:"strength" doc:"the perturbed image is face + strength·(perturbed − face); 1 is official"`
	MinArea  float64  `toml:"min_area" doc:"cells smaller than this share of the face are redrawn (our choice)"`
	Whole    float64  `toml:"whole" doc:"share of the discrepancies that take the whole face, as one more region; 0 is the paper's method (ours)"`
	Pristine float64  `toml:"pristine" doc:"share of training faces without a discrepancy, with a prototype of their own; 0 is the paper's method (ours)"`

	RGBShift   float64    `toml:"rgb_shift" doc:"spatial: per-channel shift, ± levels of 255; 0 switches it off"`
	RGBShiftP  float64    `toml:"rgb_shift_p" doc:"probability of the shift"`
	HSVShift   float64    `toml:"hsv_shift" doc:"spatial: hue, saturation, value shift in 8-bit units; negative switches it off"`
	Brightness float64    `toml:"brightness" doc:"spatial: ± share of 255"`
	Contrast   float64    `toml:"contrast" doc:"spatial: ± relative contrast"`
	Downscale  []int      `toml:"downscale" doc:"frequency: ratios, nearest down and bilinear up; empty switches it off"`
	SharpAlpha [2]float64 `toml:"sharpen_alpha" doc:"frequency: weight range of the sharpened image; [0, 0] switches it off"`
	SharpLight [2]float64 `toml:"sharpen_lightness" doc:"frequency: lightness range of the sharpening kernel"`
	Translate  [2]float64 `toml:"translate" doc:"affine: ± share of width and height by which region and source move"`
	Scale      float64    `toml:"scale" doc:"affine: ± relative scale, each axis on its own"`
	Elastic    float64    `toml:"elastic" doc:"elastic deformation of the mask: amplitude alpha; 0 switches it off"`
	ElasticSig float64    `toml:"elastic_sigma" doc:"elastic deformation: smoothing in pixels at 224"`
	Kernel     [2]int     `toml:"kernel" doc:"odd blur kernels of the blend mask, pixels at 224"`
	Ratios     []float64  `toml:"ratios" doc:"blend ratios, drawn uniformly (repeat one to weigh it)"`
	// Paired and SoftLabel came later; see later in toml.go.
	Paired    bool `toml:"paired" doc:"real faces, and those of a pristine class, get the background that a fake of the same draw has, as in the official code of self-blended images: only the blend tells them apart"`
	SoftLabel bool `toml:"soft_label" doc:"a self-blended face is a fake to the share of its blend ratio, and real to the rest, in the loss (ours)"`
}

// Augment is applied to the finished image whether or not it carries a discrepancy (spec section 2.7).
type Augment struct {
	Flip       float64    `toml:"flip" doc:"probability of a horizontal flip, before the discrepancy"`
	RGBShift   float64    `toml:"rgb_shift" doc:"per-channel shift, ± levels of 255"`
	RGBShiftP  float64    `toml:"rgb_shift_p"`
	HSVShift   float64    `toml:"hsv_shift" doc:"8-bit units"`
	HSVShiftP  float64    `toml:"hsv_shift_p"`
	Brightness float64    `toml:"brightness" doc:"± share of 255"`
	Contrast   float64    `toml:"contrast" doc:"± relative contrast"`
	ContrastP  float64    `toml:"contrast_p" doc:"probability of brightness and contrast together"`
	JPEG       [2]int     `toml:"jpeg" doc:"quality range"`
	JPEGP      float64    `toml:"jpeg_p"`
	Resample   [2]float64 `toml:"resample" doc:"scale range of a down-and-up resampling before JPEG (ours: mimics low-rate video)"`
	ResampleP  float64    `toml:"resample_p" doc:"probability of resampling; 0 is official"`
	Margin     [2]float64 `toml:"margin" doc:"side of the training crop in sides of the landmarks' box; tests take the mean"`
	// Scale came later; see later in toml.go.
	Scale [2]float64 `toml:"scale" doc:"range of sizes, in sides of the input, at which three quarters of the pictures are blurred, noisy, resized and compressed (p .3, .2, .5, .5) before they are scaled down; [1, 1] for none (ours)"`
}

// Encoder says which network embeds a face.
type Encoder struct {
	Name      string `toml:"name" doc:"{encoders}"`
	Size      int    `toml:"size" doc:"input side in pixels"`
	Hidden    int    `toml:"hidden" doc:"width of the projection head's hidden layer"`
	Dim       int    `toml:"dim" doc:"embedding size d; d ≥ K − 1"`
	Precision string `toml:"precision" doc:"type of the maps: float32 | bfloat16, half the memory and faster where the processor has it; weights, statistics, head and loss are float32"`
	Weights   string `toml:"weights" doc:"\"\" for random, \"imagenet\", or a safetensors file"`
}

// Loss says what training minimises (spec section 4).
type Loss struct {
	Name            string  `toml:"name" doc:"{losses}"`
	Temperature     float64 `toml:"temperature" doc:"τ"`
	BaseTemperature float64 `toml:"base_temperature" doc:"τ_base; the loss is scaled by τ/τ_base"`
	Contrast        string  `toml:"contrast" doc:"which views are anchors: all | one"`
	Lambda          float64 `toml:"lambda" doc:"weight λ of the guidance loss; 0 leaves it out"`
	Distance        string  `toml:"distance" doc:"graph distance of the guidance loss: manhattan | chebyshev"`
	Margin          float64 `toml:"margin" doc:"margin of the triplet loss"`
	WarmUp          float64 `toml:"warm_up" doc:"share of the steps in which cross-entropy to the prototypes goes first (ours)"`
}

// Train says how the loss is minimised.
type Train struct {
	Steps          int     `toml:"steps" doc:"optimizer steps"`
	Batch          int     `toml:"batch" doc:"images a step, all views counted"`
	Views          int     `toml:"views" doc:"draws of one (face, region, type) in a batch"`
	Optimizer      string  `toml:"optimizer" doc:"adamw | sgd"`
	LearningRate   float64 `toml:"learning_rate" doc:"peak"`
	WarmUp         float64 `toml:"warm_up" doc:"share of the steps in which the rate rises from 0"`
	Decay          string  `toml:"decay" doc:"cosine | linear | constant, after the warm-up"`
	WeightDecay    float64 `toml:"weight_decay" doc:"decoupled; kernels only"`
	Momentum       float64 `toml:"momentum" doc:"of sgd"`
	Clip           float64 `toml:"clip" doc:"largest global gradient norm; 0 for none"`
	CurriculumFrom float64 `toml:"curriculum_from" doc:"strength factor at the first step"`
	CurriculumEnd  float64 `toml:"curriculum_end" doc:"share of the steps after which the factor is 1"`
	Validate       int     `toml:"validate" doc:"times the held-out accuracy is measured"`
	SAM            float64 `toml:"sam" doc:"radius ρ of sharpness-aware minimisation, two gradients a step; 0 for none"`
	EMA            float64 `toml:"ema" doc:"decay of the running average of the network, which is validated, saved and scored; 0 for none"`
	Accumulate     int     `toml:"accumulate" doc:"parts in which a batch goes through the network, for less memory; the loss sees all of it, BatchNorm a part; 1 for no parts"`
	Checkpoint     bool    `toml:"checkpoint" doc:"the maps inside a block of the network are computed again in the backward pass: less memory, more time; the gradient is the same but for rounding"`
}

// Score says how a face becomes an anomaly score (spec section 7).
type Score struct {
	Name  string  `toml:"name" doc:"auto (best on pseudo-fakes of held-out real faces), or {scores}"`
	Scale float64 `toml:"scale" doc:"sharpness of a score that is the log-sum-exp of scale·cos (ours)"`
	Flip  bool    `toml:"flip" doc:"average with the mirrored face"`
	// Variants is for speed.
	Variants int `toml:"variants" doc:"how many variants of a face are made; they predict the score of all, and are chosen on held-out real faces and pseudo-fakes of them (ours); 0 is all"`
	// ChooseOn came later, too.
	ChooseOn []string `toml:"choose_on" doc:"what chooses and fits the score, KIND/COMPRESSION each: pseudo-fakes {pseudos} of held-out real faces, under {compressions}"`
}

// Locations is N_loc, the number of regions of the strategy (spec section 2.3), and one more for the whole face when it
// has a share.
func (d Discrepancy) Locations() int {
	n := 1
	switch d.Regions {
	case "grid":
		n = d.Rows * d.Cols
	case "meshgrid":
		n = 13
	case "sladd":
		n = 4
	case "dfl":
		n = 3
	case "components", "extended":
		n = 8
	}
	if d.Whole > 0 {
		n++
	}
	return n
}

// Classes is K, the number of prototypes: one for each (region, type) pair, and one more for pristine faces when they
// have a share.
func (d Discrepancy) Classes() int {
	k := d.Locations() * len(d.Types)
	if d.Pristine > 0 {
		k++
	}
	return k
}
