package detect

import (
	"image"
	"image/color"
	"image/draw"
	"testing"

	"github.com/seeable-lab/seeable/lab/face"
)

// scene is a grey frame with a picture of a face laid into it at several places: the side of the picture, its corner.
func scene(t *testing.T, picture face.Face, w, h int, places ...[3]int) (frame *image.RGBA, points [][]face.Point) {
	t.Helper()
	frame = image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(frame, frame.Rect, image.NewUniform(color.Gray{90}), image.Point{}, draw.Src)
	for _, p := range places {
		scaled, err := face.Crop(picture, picture.Image.Rect, p[0])
		if err != nil {
			t.Fatal(err)
		}
		at := image.Pt(p[1], p[2])
		draw.Draw(frame, scaled.Image.Rect.Add(at), scaled.Image, image.Point{}, draw.Src)
		for i := range scaled.Landmarks {
			scaled.Landmarks[i].X += float64(at.X)
			scaled.Landmarks[i].Y += float64(at.Y)
		}
		points = append(points, scaled.Landmarks)
	}
	return frame, points
}

// Faces that lie on their side or upside down are found as well as upright ones.
func TestTurnedFaces(t *testing.T) {
	d := detector(t)
	faces := youtube(t)
	for _, f := range []labelled{faces[40], faces[300]} {
		frame, points := scene(t, face.Face{Image: open(t, f.path), Landmarks: f.points}, 640, 360, [3]int{300, 200, 30})
		for quarters := range 4 {
			turned := face.Turn(face.Face{Image: frame, Landmarks: points[0]}, quarters)
			got, err := d.Faces(turned.Image)
			if err != nil {
				t.Errorf("%s, %d quarters: %v", f.path, quarters, err)
				continue
			}
			if off := miss(got[0].Landmarks, turned.Landmarks); len(got) != 1 || off > 0.1 || face.Quarters(got[0].Landmarks) != (4-quarters)%4 {
				t.Errorf("%s, %d quarters: %d faces, landmarks off by %.3f, want %d quarters back", f.path, quarters, len(got), off, (4-quarters)%4)
			}
		}
	}
}

// A small face beside a large one is found in every frame, and the large one as if it were alone.
func TestSmallBesideLarge(t *testing.T) {
	d := detector(t)
	faces := youtube(t)
	picture := face.Face{Image: open(t, faces[40].path), Landmarks: faces[40].points}
	alone, _ := scene(t, picture, 3840, 2160, [3]int{1500, 300, 300})
	frame, points := scene(t, picture, 3840, 2160, [3]int{1500, 300, 300}, [3]int{110, 3000, 900}) // of about 57 pixels
	one, err := d.Faces(alone)
	if err != nil || len(one) != 1 {
		t.Fatalf("%d faces, %v; want one", len(one), err)
	}
	tracker := d.Track(1)
	for n := range 3 {
		got, err := tracker.Next(frame)
		if err != nil || len(got) != 2 {
			t.Fatalf("frame %d: %d faces, %v; want 2", n, len(got), err)
		}
		if got[0].Box.Overlap(one[0].Box) < 0.99 || miss(got[1].Landmarks, points[1]) > 0.15 || got[1].Presence < 0.5 {
			t.Errorf("frame %d: the large face at %v, alone at %v; landmarks of the small one off by %.3f, presence %.2f",
				n, got[0].Box, one[0].Box, miss(got[1].Landmarks, points[1]), got[1].Presence)
		}
	}
	// Alone, it is found by any look.
	lone, points := scene(t, picture, 3840, 2160, [3]int{110, 3000, 900})
	got, err := d.Faces(lone)
	if err != nil || len(got) != 1 || miss(got[0].Landmarks, points[0]) > 0.15 {
		t.Errorf("%d small faces, %v; want one", len(got), err)
	}
}

func TestSmallest(t *testing.T) {
	for longest, want := range map[int][2]int{200: {12, 12}, 640: {12, 24}, 1280: {24, 35}, 1920: {35, 35}, 3840: {35, 35}} {
		if got := [2]int{Smallest(longest), SmallestBeside(longest)}; got != want {
			t.Errorf("of %d pixels: %d, want %d alone and beside others", longest, got, want)
		}
	}
}
