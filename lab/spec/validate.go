package spec

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// The names a spec may use.
var (
	Methods  = []string{"seeable", "sbi"}
	Regions  = []string{"grid", "meshgrid", "sladd", "whole", "dfl", "components", "extended"}
	Types    = []string{"spatial", "frequency"}
	Sides    = []string{"inside", "outside", "random"}
	Encoders = []string{"compact", "efficientnet-lite0", "efficientnet-b0", "efficientnet-b1", "efficientnet-b2", "efficientnet-b3", "efficientnet-b4",
		"resnet18", "resnet50", "xception"}
	Precisions = []string{"float32", "bfloat16"}
	Losses     = []string{"bcr", "supcon", "ntxent", "ce", "slide-s1", "slide-s2", "slide-s3", "triplet"}
	Contrasts  = []string{"all", "one"}
	Distances  = []string{"manhattan", "chebyshev"}
	Optimizers = []string{"adamw", "sgd"}
	Decays     = []string{"cosine", "linear", "constant"}
	Landmarks  = []string{"set", "detect"}
	// Supervised are the methods that train on labelled fakes.
	Supervised []string
	Scores     = []string{"auto", "figure", "cosine", "norm", "min", "calibrated", "onepass", "logit"}
)

// Validate reports every value that is out of its range, all at once, each by its key.
func (s Spec) Validate() error {
	var v validator
	v.name("method", s.Method, Methods)
	v.want("seed", s.Seed <= math.MaxInt64, s.Seed, "less than 2⁶³, the range of a TOML integer")

	v.want("data.train", len(s.Data.Train) > 0, s.Data.Train, "at least one folder of real faces")
	v.want("data.holdout", s.Data.Holdout > 0 && s.Data.Holdout < 1, s.Data.Holdout, "a share in (0, 1)")

	v.name("data.landmarks", s.Data.Landmarks, Landmarks)
	v.want("data.fakes", !s.Data.Fakes || slices.Contains(Supervised, s.Method), s.Data.Fakes,
		fmt.Sprintf("false for %s, which learns from real faces only", s.Method))

	d := s.Discrepancy
	v.name("discrepancy.regions", d.Regions, Regions)
	v.within("discrepancy.rows", float64(d.Rows), 1, 16)
	v.within("discrepancy.cols", float64(d.Cols), 1, 16)
	v.want("discrepancy.types", len(d.Types) > 0, d.Types, "one or more of "+strings.Join(Types, ", "))
	for i, t := range d.Types {
		v.name("discrepancy.types", t, Types)
		v.want("discrepancy.types", !slices.Contains(d.Types[:i], t), t, "each type once")
	}
	v.name("discrepancy.side", d.Side, Sides)
	v.within("discrepancy.strength", d.Strength, 0, 20)
	v.within("discrepancy.min_area", d.MinArea, 0, 0.5)
	v.within("discrepancy.whole", d.Whole, 0, 1)
	v.want("discrepancy.whole", d.Whole == 0 || d.Regions != "whole", d.Whole, "0 where the whole face is the only region already")
	v.within("discrepancy.pristine", d.Pristine, 0, 0.9)
	v.within("discrepancy.rgb_shift", d.RGBShift, 0, 255)
	v.within("discrepancy.rgb_shift_p", d.RGBShiftP, 0, 1)
	v.within("discrepancy.hsv_shift", d.HSVShift, -1, 90)
	v.within("discrepancy.brightness", d.Brightness, 0, 1)
	v.within("discrepancy.contrast", d.Contrast, 0, 1)
	for _, ratio := range d.Downscale {
		v.within("discrepancy.downscale", float64(ratio), 2, 16)
	}
	v.span("discrepancy.sharpen_alpha", d.SharpAlpha, 0, 1)
	v.span("discrepancy.sharpen_lightness", d.SharpLight, 0, 4)
	v.want("discrepancy.types", !slices.Contains(d.Types, "frequency") || len(d.Downscale) > 0 || d.SharpAlpha[1] > 0,
		d.Types, "downscale or sharpen_alpha switched on when frequency is a type")
	v.within("discrepancy.translate", d.Translate[0], 0, 0.5)
	v.within("discrepancy.translate", d.Translate[1], 0, 0.5)
	v.within("discrepancy.scale", d.Scale, 0, 0.5)
	v.within("discrepancy.elastic", d.Elastic, 0, 500)
	v.within("discrepancy.elastic_sigma", d.ElasticSig, 1, 50)
	v.want("discrepancy.kernel", d.Kernel[0] >= 1 && d.Kernel[0] <= d.Kernel[1] && d.Kernel[1] <= 63 &&
		d.Kernel[0]%2 == 1 && d.Kernel[1]%2 == 1, d.Kernel, "two odd numbers in rising order, at most 63")
	v.want("discrepancy.ratios", len(d.Ratios) > 0, d.Ratios, "at least one blend ratio")
	for _, ratio := range d.Ratios {
		v.want("discrepancy.ratios", ratio > 0 && ratio <= 1, ratio, "ratios in (0, 1]")
	}

	a := s.Augment
	v.within("augment.flip", a.Flip, 0, 1)
	v.within("augment.rgb_shift_p", a.RGBShiftP, 0, 1)
	v.within("augment.hsv_shift_p", a.HSVShiftP, 0, 1)
	v.within("augment.brightness", a.Brightness, 0, 1)
	v.within("augment.contrast", a.Contrast, 0, 1)
	v.within("augment.contrast_p", a.ContrastP, 0, 1)
	v.within("augment.jpeg_p", a.JPEGP, 0, 1)
	v.within("augment.resample_p", a.ResampleP, 0, 1)
	v.within("augment.rgb_shift", a.RGBShift, 0, 255)
	v.within("augment.hsv_shift", a.HSVShift, 0, 90)
	v.span("augment.jpeg", [2]float64{float64(a.JPEG[0]), float64(a.JPEG[1])}, 1, 100)
	v.span("augment.resample", a.Resample, 0.1, 1)
	v.span("augment.margin", a.Margin, 1, 4)

	e := s.Encoder
	v.name("encoder.name", e.Name, Encoders)
	v.within("encoder.size", float64(e.Size), 32, 1024)
	v.want("encoder.size", e.Size%32 == 0, e.Size, "a multiple of 32, the stride of the deepest encoder")
	v.name("encoder.precision", e.Precision, Precisions)
	v.within("encoder.hidden", float64(e.Hidden), 1, 8192)
	v.within("encoder.dim", float64(e.Dim), 2, 8192)

	if k := d.Classes(); s.Method == "seeable" {
		v.want("encoder.dim", k <= e.Dim+1, e.Dim, fmt.Sprintf("at least K − 1 = %d: no more than d + 1 prototypes "+
			"can be evenly spread in d dimensions", k-1))
		v.want("discrepancy", k >= 2, k, "at least two classes: more regions or types")
	}

	l := s.Loss
	v.name("loss.name", l.Name, Losses)
	v.within("loss.temperature", l.Temperature, 1e-3, 10)
	v.within("loss.base_temperature", l.BaseTemperature, 1e-3, 10)
	v.name("loss.contrast", l.Contrast, Contrasts)
	v.within("loss.lambda", l.Lambda, 0, 100)
	v.name("loss.distance", l.Distance, Distances)
	v.within("loss.margin", l.Margin, 0, 2)
	v.within("loss.warm_up", l.WarmUp, 0, 1)

	t := s.Train
	v.within("train.steps", float64(t.Steps), 1, 1e8)
	v.within("train.batch", float64(t.Batch), 2, 65536)
	v.within("train.views", float64(t.Views), 1, 16)
	v.want("train.batch", t.Views < 1 || t.Batch%t.Views == 0, t.Batch, fmt.Sprintf("a multiple of train.views = %d", t.Views))
	v.want("train.views", s.Method != "sbi" || t.Views%2 == 0, t.Views, "an even number for sbi: real and fake in turn")
	v.name("train.optimizer", t.Optimizer, Optimizers)
	v.want("train.learning_rate", t.LearningRate > 0 && t.LearningRate <= 10, t.LearningRate, "a rate in (0, 10]")
	v.within("train.warm_up", t.WarmUp, 0, 1)
	v.name("train.decay", t.Decay, Decays)
	v.within("train.weight_decay", t.WeightDecay, 0, 1)
	v.within("train.momentum", t.Momentum, 0, 0.9999)
	v.within("train.clip", t.Clip, 0, 1e6)
	v.within("train.curriculum_from", t.CurriculumFrom, 1, 20)
	v.within("train.curriculum_end", t.CurriculumEnd, 0, 1)
	v.within("train.validate", float64(t.Validate), 1, 1e6)
	v.within("train.sam", t.SAM, 0, 10)
	v.within("train.ema", t.EMA, 0, 0.999999)
	v.within("train.accumulate", float64(t.Accumulate), 1, 65536)
	v.want("train.accumulate", t.Accumulate <= 1 || t.Views < 1 || t.Batch%(t.Views*t.Accumulate) == 0, t.Accumulate,
		fmt.Sprintf("parts of whole groups of views: train.batch = %d a multiple of train.views × train.accumulate = %d", t.Batch, t.Views*t.Accumulate))

	v.name("score.name", s.Score.Name, Scores)
	v.want("score.name", s.Score.Name == "auto" || (s.Score.Name == "logit") == (s.Method == "sbi"), s.Score.Name,
		"auto, or a score of the method: logit for sbi, the others for seeable")
	most := d.Locations()*len(d.Types) - 1
	v.want("score.variants", s.Score.Variants >= 0 && s.Score.Variants <= most, s.Score.Variants,
		fmt.Sprintf("0 for all variants, or a number below their number, in [1, %d]", most))
	v.want("score.variants", s.Score.Variants == 0 || s.Method != "sbi", s.Score.Variants, "0 for sbi, which makes no variants")
	v.want("score.scale", s.Score.Scale > 0 && s.Score.Scale <= 1000, s.Score.Scale, "a number in (0, 1000]")
	return errors.Join(v.errs...)
}

type validator struct{ errs []error }

func (v *validator) want(key string, ok bool, found any, expected string) {
	if !ok {
		v.errs = append(v.errs, fmt.Errorf("%s = %v: want %s", key, found, expected))
	}
}

func (v *validator) name(key, found string, known []string) {
	v.want(key, slices.Contains(known, found), fmt.Sprintf("%q", found), "one of "+strings.Join(known, ", "))
}

func (v *validator) within(key string, found, low, high float64) {
	// Written so that NaN fails.
	v.want(key, found >= low && found <= high && !math.IsNaN(found), found, fmt.Sprintf("a number in [%g, %g]", low, high))
}

func (v *validator) span(key string, found [2]float64, low, high float64) {
	v.want(key, found[0] >= low && found[0] <= found[1] && found[1] <= high, found,
		fmt.Sprintf("two rising numbers in [%g, %g]", low, high))
}
