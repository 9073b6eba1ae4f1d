package spec

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
)

// The names a spec may use besides those that packages register.
var (
	Regions    = []string{"grid", "meshgrid", "sladd", "whole", "dfl", "components", "extended"}
	Types      = []string{"spatial", "frequency", "combined"}
	Sides      = []string{"inside", "outside", "random"}
	Precisions = []string{"float32", "bfloat16"}
	Contrasts  = []string{"all", "one"}
	Distances  = []string{"manhattan", "chebyshev"}
	Optimizers = []string{"adamw", "sgd"}
	Decays     = []string{"cosine", "linear", "constant"}
	Landmarks  = []string{"set", "detect"}
)

// auto is the name of a score that every method has: the one of its own that tells pseudo-fakes best.
const auto = "auto"

// imageNet are the weights that some encoders bring.
const imageNet = "imagenet"

// Validate reports every value that is out of its range, all at once, each by its key.
func (s Spec) Validate() error {
	var v Checker
	method, err := MethodOf(s.Method)
	v.add(err)
	v.Want("seed", s.Seed <= math.MaxInt64, s.Seed, "less than 2⁶³, the range of a TOML integer")

	v.Want("data.train", len(s.Data.Train) > 0, s.Data.Train, "at least one folder of real faces")
	v.Want("data.holdout", s.Data.Holdout > 0 && s.Data.Holdout < 1, s.Data.Holdout, "a share in (0, 1)")

	v.Name("data.landmarks", s.Data.Landmarks, Landmarks)
	v.Want("data.fakes", !s.Data.Fakes || method.Fakes != FakesNever, s.Data.Fakes, fmt.Sprintf("false for %s, which learns from real faces only", s.Method))
	v.Want("data.fakes", s.Data.Fakes || method.Fakes != FakesNeeded, s.Data.Fakes, fmt.Sprintf("true for %s, which learns from labelled fakes", s.Method))

	d := s.Discrepancy
	v.Name("discrepancy.regions", d.Regions, Regions)
	v.Within("discrepancy.rows", float64(d.Rows), 1, 16)
	v.Within("discrepancy.cols", float64(d.Cols), 1, 16)
	v.Want("discrepancy.types", len(d.Types) > 0, d.Types, "one or more of "+strings.Join(Types, ", "))
	for i, t := range d.Types {
		v.Name("discrepancy.types", t, Types)
		v.Want("discrepancy.types", !slices.Contains(d.Types[:i], t), t, "each type once")
	}
	v.Name("discrepancy.side", d.Side, Sides)
	v.Within("discrepancy.strength", d.Strength, 0, 20)
	v.Within("discrepancy.min_area", d.MinArea, 0, 0.5)
	v.Within("discrepancy.whole", d.Whole, 0, 1)
	v.Want("discrepancy.whole", d.Whole == 0 || d.Regions != "whole", d.Whole, "0 where the whole face is the only region already")
	v.Within("discrepancy.pristine", d.Pristine, 0, 0.9)
	v.Within("discrepancy.rgb_shift", d.RGBShift, 0, 255)
	v.Within("discrepancy.rgb_shift_p", d.RGBShiftP, 0, 1)
	v.Within("discrepancy.hsv_shift", d.HSVShift, -1, 90)
	v.Within("discrepancy.brightness", d.Brightness, 0, 1)
	v.Within("discrepancy.contrast", d.Contrast, 0, 1)
	for _, ratio := range d.Downscale {
		v.Within("discrepancy.downscale", float64(ratio), 2, 16)
	}
	v.Span("discrepancy.sharpen_alpha", d.SharpAlpha, 0, 1)
	v.Span("discrepancy.sharpen_lightness", d.SharpLight, 0, 4)
	v.Want("discrepancy.types", len(d.Downscale) > 0 || d.SharpAlpha[1] > 0 ||
		!slices.Contains(d.Types, "frequency") && !slices.Contains(d.Types, "combined"),
		d.Types, "downscale or sharpen_alpha switched on when frequency or combined is a type")
	v.Within("discrepancy.translate", d.Translate[0], 0, 0.5)
	v.Within("discrepancy.translate", d.Translate[1], 0, 0.5)
	v.Within("discrepancy.scale", d.Scale, 0, 0.5)
	v.Within("discrepancy.elastic", d.Elastic, 0, 500)
	v.Within("discrepancy.elastic_sigma", d.ElasticSig, 1, 50)
	v.Want("discrepancy.kernel", d.Kernel[0] >= 1 && d.Kernel[0] <= d.Kernel[1] && d.Kernel[1] <= 63 &&
		d.Kernel[0]%2 == 1 && d.Kernel[1]%2 == 1, d.Kernel, "two odd numbers in rising order, at most 63")
	v.Want("discrepancy.ratios", len(d.Ratios) > 0, d.Ratios, "at least one blend ratio")
	for _, ratio := range d.Ratios {
		v.Want("discrepancy.ratios", ratio > 0 && ratio <= 1, ratio, "ratios in (0, 1]")
	}

	a := s.Augment
	v.Within("augment.flip", a.Flip, 0, 1)
	v.Within("augment.rgb_shift_p", a.RGBShiftP, 0, 1)
	v.Within("augment.hsv_shift_p", a.HSVShiftP, 0, 1)
	v.Within("augment.brightness", a.Brightness, 0, 1)
	v.Within("augment.contrast", a.Contrast, 0, 1)
	v.Within("augment.contrast_p", a.ContrastP, 0, 1)
	v.Within("augment.jpeg_p", a.JPEGP, 0, 1)
	v.Within("augment.resample_p", a.ResampleP, 0, 1)
	v.Within("augment.rgb_shift", a.RGBShift, 0, 255)
	v.Within("augment.hsv_shift", a.HSVShift, 0, 90)
	v.Span("augment.jpeg", [2]float64{float64(a.JPEG[0]), float64(a.JPEG[1])}, 1, 100)
	v.Span("augment.resample", a.Resample, 0.1, 1)
	v.Span("augment.margin", a.Margin, 1, 4)
	v.Span("augment.scale", a.Scale, 1, 4)

	e := s.Encoder
	network, err := encoders.of(e.Name)
	v.add(err)
	v.Within("encoder.size", float64(e.Size), 32, 1024)
	multiple := max(1, network.Multiple)
	v.Want("encoder.size", e.Size%multiple == 0, e.Size, fmt.Sprintf("a multiple of %d, as encoder %s needs", multiple, e.Name))
	v.Want("encoder.weights", e.Weights != imageNet || err != nil || network.ImageNet, imageNet, "\"\" or a file, as there are none for encoder "+e.Name)
	v.Name("encoder.precision", e.Precision, Precisions)
	v.Within("encoder.hidden", float64(e.Hidden), 1, 8192)
	v.Within("encoder.dim", float64(e.Dim), 2, 8192)

	l := s.Loss
	if l.Name != "" || s.Reads(losses.key) {
		_, err := losses.of(l.Name)
		v.add(err)
	}
	v.Within("loss.temperature", l.Temperature, 1e-3, 10)
	v.Within("loss.base_temperature", l.BaseTemperature, 1e-3, 10)
	v.Name("loss.contrast", l.Contrast, Contrasts)
	v.Within("loss.lambda", l.Lambda, 0, 100)
	v.Name("loss.distance", l.Distance, Distances)
	v.Within("loss.margin", l.Margin, 0, 2)
	v.Within("loss.warm_up", l.WarmUp, 0, 1)

	t := s.Train
	v.Within("train.steps", float64(t.Steps), 1, 1e8)
	v.Within("train.batch", float64(t.Batch), 2, 65536)
	v.Within("train.views", float64(t.Views), 1, 16)
	v.Want("train.batch", t.Views < 1 || t.Batch%t.Views == 0, t.Batch, fmt.Sprintf("a multiple of train.views = %d", t.Views))
	v.Name("train.optimizer", t.Optimizer, Optimizers)
	v.Want("train.learning_rate", t.LearningRate > 0 && t.LearningRate <= 10, t.LearningRate, "a rate in (0, 10]")
	v.Within("train.warm_up", t.WarmUp, 0, 1)
	v.Name("train.decay", t.Decay, Decays)
	v.Within("train.weight_decay", t.WeightDecay, 0, 1)
	v.Within("train.momentum", t.Momentum, 0, 0.9999)
	v.Within("train.clip", t.Clip, 0, 1e6)
	v.Within("train.curriculum_from", t.CurriculumFrom, 1, 20)
	v.Within("train.curriculum_end", t.CurriculumEnd, 0, 1)
	v.Within("train.validate", float64(t.Validate), 1, 1e6)
	v.Within("train.sam", t.SAM, 0, 10)
	v.Within("train.ema", t.EMA, 0, 0.999999)
	v.Within("train.accumulate", float64(t.Accumulate), 1, 65536)
	v.Want("train.accumulate", t.Accumulate <= 1 || t.Views < 1 || t.Batch%(t.Views*t.Accumulate) == 0, t.Accumulate,
		fmt.Sprintf("parts of whole groups of views: train.batch = %d a multiple of train.views × train.accumulate = %d", t.Batch, t.Views*t.Accumulate))

	names := []string{auto}
	for _, score := range method.Scores {
		names = append(names, score.Name)
	}
	v.Want("score.name", method.Name == "" || slices.Contains(names, s.Score.Name), fmt.Sprintf("%q", s.Score.Name),
		fmt.Sprintf("one of %s, the scores of method %s%s", strings.Join(names, ", "), method.Name, ownerOf(s.Score.Name)))
	v.Want("score.variants", s.Score.Variants >= 0, s.Score.Variants, "0 for all variants, or a number below their number")
	v.choice(s.Score.ChooseOn)
	v.Want("score.scale", s.Score.Scale > 0 && s.Score.Scale <= 1000, s.Score.Scale, "a number in (0, 1000]")
	if own := s.ownValues(); own != nil {
		v.finite(s.Method, reflect.ValueOf(own))
	}
	if method.Check != nil {
		method.Check(s, &v)
	}
	return errors.Join(v.errs...)
}

// ownerOf says of which other method a score is.
func ownerOf(score string) string {
	for _, info := range Methods() {
		if slices.ContainsFunc(info.Scores, func(c Choice) bool { return c.Name == score }) {
			return "; it is one of method " + info.Name
		}
	}
	return ""
}

// Checker collects what is wrong with a spec, each by its key.
type Checker struct{ errs []error }

func (v *Checker) add(err error) {
	if err != nil {
		v.errs = append(v.errs, err)
	}
}

// Want demands ok of the value found under key; expected says in words what would do.
func (v *Checker) Want(key string, ok bool, found any, expected string) {
	if !ok {
		v.errs = append(v.errs, fmt.Errorf("%s = %v: want %s", key, found, expected))
	}
}

// Name demands one of the known names.
func (v *Checker) Name(key, found string, known []string) {
	v.Want(key, slices.Contains(known, found), fmt.Sprintf("%q", found), "one of "+strings.Join(known, ", "))
}

// Within demands a number in [low, high]; NaN is none.
func (v *Checker) Within(key string, found, low, high float64) {
	// Written so that NaN fails.
	v.Want(key, found >= low && found <= high && !math.IsNaN(found), found, fmt.Sprintf("a number in [%g, %g]", low, high))
}

// Span demands two rising numbers in [low, high].
func (v *Checker) Span(key string, found [2]float64, low, high float64) {
	v.Want(key, found[0] >= low && found[0] <= found[1] && found[1] <= high, found,
		fmt.Sprintf("two rising numbers in [%g, %g]", low, high))
}

// finite demands that no number in a method's table is NaN or infinite.
func (v *Checker) finite(key string, x reflect.Value) {
	switch x.Kind() {
	case reflect.Struct:
		for field, value := range x.Fields() {
			v.finite(key+"."+field.Tag.Get("toml"), value)
		}
	case reflect.Slice, reflect.Array:
		for i := range x.Len() {
			v.finite(key, x.Index(i))
		}
	case reflect.Float64, reflect.Float32:
		v.Want(key, !math.IsNaN(x.Float()) && !math.IsInf(x.Float(), 0), x.Float(), "a finite number")
	}
}
