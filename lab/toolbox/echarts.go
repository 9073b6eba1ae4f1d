package toolbox

// ECharts draws charts in a browser: Apache ECharts 5.6.0 (Apache-2.0).
var ECharts = NPMFile{
	Name:         "Apache ECharts",
	Package:      "echarts",
	Version:      "5.6.0",
	TarSHA256:    "e1b82487dd7f8d9f0438eec1f1433051148e0095ac7a15d4db890afda45cf610",
	TarSize:      10432423,
	Member:       "package/dist/echarts.min.js",
	MemberSHA256: "bf4a223524e40b77c304bec67e1222cf551f14880cf42c69dc046558e11c07b1",
	MemberSize:   1034102,
}

// EChartsGL adds charts in three dimensions to [ECharts]: ECharts-GL 2.0.9 (BSD-3-Clause).
var EChartsGL = NPMFile{
	Name:         "ECharts-GL",
	Package:      "echarts-gl",
	Version:      "2.0.9",
	TarSHA256:    "319e0520d0b3fbebcb43a4cff1c19cab38806d1d24d42c8dc2e4349afec9953e",
	TarSize:      1363843,
	Member:       "package/dist/echarts-gl.min.js",
	MemberSHA256: "bfba1b87b8c3c06e5c7ed7741002586c747b00e4efdaa92077d15c2dc721bda0",
	MemberSize:   640694,
}
