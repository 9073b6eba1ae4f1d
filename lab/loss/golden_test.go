package loss

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
)

// The goldens were made with the official BCR class and with restatements of the slides' equations
// in float64 (method specification, section 4.6).

func TestBCRGolden(t *testing.T) {
	var file struct {
		K4    [][]float64 `json:"prototypes_K4_d3"`
		K8    [][]float64 `json:"prototypes_K8_d7"`
		Cases map[string]struct {
			Labels          []int       `json:"labels"`
			Views           int         `json:"num_times"`
			Temperature     float64     `json:"temperature"`
			BaseTemperature float64     `json:"base_temperature"`
			Contrast        Contrast    `json:"contrast_mode"`
			SimCLR          bool        `json:"simclr"`
			Normalise       bool        `json:"input_is_normalised_first"`
			Raw             [][]float64 `json:"raw"`
			Loss            float64     `json:"loss"`
			PerAnchor       []float64   `json:"per_anchor"`
			GradZ           [][]float64 `json:"grad_z"`
			GradRaw         [][]float64 `json:"grad_raw"`
		} `json:"cases"`
	}
	golden(t, "bcr.json", &file)
	if len(file.Cases) != 13 {
		t.Fatalf("%d cases, want 13", len(file.Cases))
	}
	onBackends(t, func(t *testing.T, backend compute.Backend, p precision) {
		var jobs []job
		names := slices.Sorted(maps.Keys(file.Cases))
		for _, name := range names {
			c := file.Cases[name]
			prototypes := file.K4
			if len(c.Raw[0]) == 7 {
				prototypes = file.K8
			}
			bcr, err := ByName("bcr", Config{BCROptions: BCROptions{
				Temperature: c.Temperature, BaseTemperature: c.BaseTemperature,
				Views: c.Views, Contrast: c.Contrast, SimCLR: c.SimCLR}})
			if err != nil {
				t.Fatal(err)
			}
			jobs = append(jobs, job{bcr, batch{c.Raw, c.Labels, prototypes, c.Normalise}})
		}
		for i, got := range evaluate(t, backend, p.dtype, jobs...) {
			name, c := names[i], file.Cases[names[i]]
			near(t, name+" loss", []float64{got.mean}, []float64{c.Loss}, p.tolerance, 0)
			near(t, name+" per anchor", got.perAnchor, c.PerAnchor, p.tolerance, 0)
			nearMatrix(t, name+" gradient by z", got.gradZ, c.GradZ, p.tolerance, 0.01)
			nearMatrix(t, name+" gradient by raw", got.gradRows, c.GradRaw, p.tolerance, 0.01)
		}
	})
}

func TestSlidesGolden(t *testing.T) {
	type expected struct {
		Sum     float64     `json:"sum"`
		Mean    float64     `json:"mean"`
		GradZ   [][]float64 `json:"grad_z_of_sum"`
		GradRaw [][]float64 `json:"grad_raw_of_sum"`
	}
	var file struct {
		Prototypes [][]float64 `json:"prototypes_K4_d3"`
		Cases      map[string]struct {
			Labels      []int       `json:"labels"`
			Temperature float64     `json:"temperature"`
			Raw         [][]float64 `json:"raw"`
			SupCon      []float64   `json:"per_anchor_supcon"`
			NTXentK     []float64   `json:"per_anchor_ntxent_K"`
			NTXentBatch []float64   `json:"per_anchor_ntxent_batch"`
			Variants    struct {
				S1     expected `json:"S1_main_eq_denominator_K_prototypes"`
				S2     expected `json:"S2_regressive_slide (no net 1/|P|)"`
				S3     expected `json:"S3_main_eq_denominator_in_batch_plus_own_prototype"`
				SupCon expected `json:"supcon_only"`
				CE     expected `json:"cross_entropy_to_K_prototypes_only"`
			} `json:"variants"`
		} `json:"cases"`
	}
	golden(t, "bcr_slides.json", &file)
	if len(file.Cases) != 3 {
		t.Fatalf("%d cases, want 3", len(file.Cases))
	}
	onBackends(t, func(t *testing.T, backend compute.Backend, p precision) {
		losses := []string{"supcon", "ntxent", "ce", "slide-s1", "slide-s2", "slide-s3"}
		var jobs []job
		var names []string
		for name, c := range file.Cases {
			names = append(names, name)
			config := DefaultConfig()
			config.Temperature = c.Temperature
			for _, loss := range losses {
				f, err := ByName(loss, config)
				if err != nil {
					t.Fatal(err)
				}
				jobs = append(jobs, job{f, batch{c.Raw, c.Labels, file.Prototypes, true}})
			}
		}
		all := evaluate(t, backend, p.dtype, jobs...)
		for i, name := range names {
			c, n := file.Cases[name], float64(len(file.Cases[name].Labels))
			got := make(map[string]evaluation)
			for l, loss := range losses {
				got[loss] = all[i*len(losses)+l]
			}
			for loss, want := range map[string]expected{
				"slide-s1": c.Variants.S1, "slide-s2": c.Variants.S2, "slide-s3": c.Variants.S3,
				"supcon": c.Variants.SupCon, "ce": c.Variants.CE,
			} {
				got := got[loss]
				near(t, name+" "+loss+" mean", []float64{got.mean}, []float64{want.Mean}, p.tolerance, 0)
				near(t, name+" "+loss+" sum", []float64{got.mean * n}, []float64{want.Sum}, p.tolerance, 0)
				nearMatrix(t, name+" "+loss+" gradient by z", scaled(got.gradZ, n), want.GradZ, p.tolerance, 0)
				nearMatrix(t, name+" "+loss+" gradient by raw", scaled(got.gradRows, n), want.GradRaw, p.tolerance, 0)
			}
			near(t, name+" supcon", got["supcon"].perAnchor, c.SupCon, p.tolerance, 0)
			near(t, name+" ce", got["ce"].perAnchor, c.NTXentK, p.tolerance, 0)
			near(t, name+" ntxent", got["ntxent"].perAnchor, c.NTXentBatch, p.tolerance, 0)
		}
	})
}

func TestGuidanceGolden(t *testing.T) {
	var file struct {
		K4    [][]float64 `json:"prototypes_K4_d3"`
		K8    [][]float64 `json:"prototypes_K8_d7"`
		K32   [][]float64 `json:"prototypes_K32_d31_first2rows"`
		Cases map[string]struct {
			Rows      int         `json:"rows"`
			Cols      int         `json:"cols"`
			Distance  Distance    `json:"distance"`
			Labels    []int       `json:"labels"`
			Predicted []int       `json:"predicted"`
			Raw       [][]float64 `json:"raw"`
			Weights   []float64   `json:"weights"`
			PerSample []float64   `json:"per_sample"`
			Sum       float64     `json:"loss_sum"`
			Mean      float64     `json:"loss_mean"`
			GradZ     [][]float64 `json:"grad_z_of_sum"`
			GradRaw   [][]float64 `json:"grad_raw_of_sum"`
		} `json:"cases"`
	}
	golden(t, "guidance.json", &file)
	if len(file.Cases) != 5 {
		t.Fatalf("%d cases, want 5", len(file.Cases))
	}
	prototypes := map[int][][]float64{3: file.K4, 7: file.K8, 31: frame(31, 32)}
	nearMatrix(t, "frame of 32", prototypes[31][:2], file.K32, 1e-11, 0)
	onBackends(t, func(t *testing.T, backend compute.Backend, p precision) {
		var jobs []job
		names := slices.Sorted(maps.Keys(file.Cases))
		for _, name := range names {
			c := file.Cases[name]
			g, err := GuidanceMatrix(c.Rows, c.Cols, c.Distance)
			if err != nil {
				t.Fatal(err)
			}
			b := batch{c.Raw, c.Labels, prototypes[len(c.Raw[0])], true}
			for i, class := range c.Predicted {
				n := c.Rows * c.Cols
				if w := g[class%n][c.Labels[i]%n]; w != c.Weights[i] {
					t.Errorf("%s: weight of sample %d is %v, want %v", name, i, w, c.Weights[i])
				}
			}
			jobs = append(jobs, job{guided(g), b}, job{predicted, b})
		}
		all := evaluate(t, backend, p.dtype, jobs...)
		for i, name := range names {
			c, got, n := file.Cases[name], all[2*i], float64(len(file.Cases[name].Labels))
			for s, class := range all[2*i+1].perAnchor {
				if int(class) != c.Predicted[s] {
					t.Errorf("%s: prediction of sample %d is %v, want %d", name, s, class, c.Predicted[s])
				}
			}
			near(t, name+" mean", []float64{got.mean}, []float64{c.Mean}, p.tolerance, 0)
			near(t, name+" sum", []float64{got.mean * n}, []float64{c.Sum}, p.tolerance, 0)
			near(t, name+" per sample", got.perAnchor, c.PerSample, p.tolerance, 0)
			nearMatrix(t, name+" gradient by z", scaled(got.gradZ, n), c.GradZ, p.tolerance, 0)
			nearMatrix(t, name+" gradient by raw", scaled(got.gradRows, n), c.GradRaw, p.tolerance, 0)
		}
	})
}

func TestTotalGolden(t *testing.T) {
	type expected struct {
		Total   float64     `json:"total"`
		GradRaw [][]float64 `json:"grad_raw"`
	}
	var file struct {
		Raw        [][]float64 `json:"raw"`
		Labels     []int       `json:"labels"`
		Prototypes [][]float64 `json:"prototypes"`
		Lambda     map[string]struct {
			Mean expected `json:"gui_mean"`
			Sum  expected `json:"gui_sum"`
		} `json:"lambda"`
	}
	golden(t, "combined.json", &file)
	lambdas := map[string]float64{"0.1": 0.1, "0.5": 0.5, "1.0": 1}
	if len(file.Lambda) != len(lambdas) {
		t.Fatalf("%d values of λ, want %d", len(file.Lambda), len(lambdas))
	}
	g, err := GuidanceMatrix(2, 2, Manhattan)
	if err != nil {
		t.Fatal(err)
	}
	bcr, err := ByName("bcr", DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	onBackends(t, func(t *testing.T, backend compute.Backend, p precision) {
		var jobs []job
		var wants []expected
		add := func(want expected, lambda float64) {
			wants = append(wants, want)
			jobs = append(jobs, job{func(z, labels, prototypes *graph.Node) (mean, perAnchor *graph.Node) {
				base, perAnchor := bcr(z, labels, prototypes)
				guidance, _ := Guidance(z, labels, prototypes, g)
				return graph.Add(base, graph.MulScalar(guidance, lambda)), perAnchor
			}, batch{file.Raw, file.Labels, file.Prototypes, true}})
		}
		for name, want := range file.Lambda {
			add(want.Mean, lambdas[name])
			add(want.Sum, lambdas[name]*float64(len(file.Labels)))
		}
		for i, got := range evaluate(t, backend, p.dtype, jobs...) {
			what := fmt.Sprintf("total %v", wants[i].Total)
			near(t, what, []float64{got.mean}, []float64{wants[i].Total}, p.tolerance, 0)
			nearMatrix(t, what+" gradient by raw", got.gradRows, wants[i].GradRaw, p.tolerance, 0)
		}
	})
}

func TestGuidanceMatrixGolden(t *testing.T) {
	var file struct {
		Grids map[string]struct {
			Rows      int         `json:"rows"`
			Cols      int         `json:"cols"`
			Manhattan [][]float64 `json:"manhattan"`
			Chebyshev [][]float64 `json:"chebyshev"`
		} `json:"grids"`
	}
	golden(t, "G_matrices.json", &file)
	if len(file.Grids) != 6 {
		t.Fatalf("%d grids, want 6", len(file.Grids))
	}
	for name, c := range file.Grids {
		for d, want := range map[Distance][][]float64{Manhattan: c.Manhattan, Chebyshev: c.Chebyshev} {
			g, err := GuidanceMatrix(c.Rows, c.Cols, d)
			if err != nil {
				t.Fatal(err)
			}
			nearMatrix(t, name+" "+string(d), g, want, 0, 0)
		}
	}
}

func guided(g [][]float64) Func {
	return func(z, labels, prototypes *graph.Node) (mean, perSample *graph.Node) {
		return Guidance(z, labels, prototypes, g)
	}
}

// predicted gives the predictions as if they were losses.
func predicted(z, _, prototypes *graph.Node) (mean, perSample *graph.Node) {
	return graph.ReduceAllMean(z), graph.ConvertDType(Predict(z, prototypes), z.DType())
}

// frame is the unrotated simplex of the method specification, section 3.1, steps 1 and 2.
func frame(n, k int) [][]float64 {
	first, second := make([]float64, n-k+2), make([]float64, n-k+2)
	first[n-k+1], second[n-k+1] = -1, 1
	u := [][]float64{first, second}
	for len(u) < k {
		s := float64(len(u) + 1)
		c := append([]float64{0}, u[len(u)-1]...)
		for i := range u {
			row := append(append([]float64{}, u[i]...), 0)
			for j := range row {
				row[j] = math.Sqrt(s*(s-2))/(s-1)*row[j] - c[j]/(s-1)
			}
			u[i] = row
		}
		u = append(u, c)
	}
	return u
}
