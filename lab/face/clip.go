package face

// Clip is what a detector looks at: frames of one face in their order in the video. A face is a clip of one frame.
type Clip struct {
	Frames []Face // at least one
	Fake   bool   // the label of the video
	// Person is whose head is seen, "" if nobody knows. It keeps the faces of one person from being pasted into each other;
	// no score may depend on it.
	Person string
	Pair   []Face // the same frames of the original that a fake was made of; nil where nobody asked for them
}

// Still is a clip of one frame.
func Still(f Face) Clip { return Clip{Frames: []Face{f}} }
