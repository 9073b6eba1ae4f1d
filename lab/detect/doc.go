// Package detect finds faces and their 68 landmarks in images and videos, in Go alone: no Python, no XLA. [Open] brings two
// small nets once, [Detector.Faces] runs them, and [Tracker] follows faces through a video.
//
// # What was chosen, and why
//
// Of the detectors whose weights a package registry holds, these were compared on 236 frames of ytfaces (every eighth), 16
// faces of AFLW2000 (large poses), and the 43 labelled faces of dlib's example pictures (from 37 pixels). Found means that
// a box overlaps the face's by more than 0.35; false are boxes that overlap none by 0.2, in ytfaces.
//
//	detector                             ytfaces  false  AFLW2000  dlib
//	CenterFace, longer side 320           100 %    1     16        43   taken
//	CenterFace, longer side 128           100 %    2     16         –
//	pigo 1.4.6, quality 2                  98 %    9     15        39
//	pigo 1.4.6, quality 10                 93 %    1     13        38
//	tiny face detector, 160, score 0.3     99 %    1     15         –
//	tiny face detector, 320, score 0.3     88 %    1     15        17
//	tiny face detector, 416, score 0.3     65 %    1     15        33
//	SSD MobileNet v1 of face-api, 0.3      67 %    1     16        43   20 times the time
//	dlib's HOG, upsampled once (471)       98 %    –     13         –
//
// CenterFace was trained on WIDER FACE, as was the RetinaFace that the official code crops by, so that its boxes mean the
// same. Landmarks were compared by the mean distance to the labels by that of the outer corners of the eyes, median over
// faces, each net with its own marks:
//
//	landmarks                            ytfaces  AFLW2000
//	face mesh                             8.1 %    10 %   taken
//	face-api's 68-point net               6.3 %     7 %
//	dlib's regression trees               5.9 %     8 %   off by more than 40 % from 36° of yaw on
//
// The mesh is not the most exact on frontal faces as it is but on turned ones (AFLW2000 beyond 30° of yaw 14 % against 20 %),
// it reports how sure it is that there is a face, which tracking needs, and its weights come by pip like all others, where
// face-api's need npm; dlib's are a hundred megabytes.
//
// # How landmarks come from the mesh
//
// The mesh is looked for in the detector's box and, in the mirrored picture, once more around what was found; landmarks are a
// linear map of the mean of both, in the frame of the face, so that they move, turn, grow and are mirrored with it. The map was
// fitted to the landmarks that people drew on half of the people of HELEN (474 faces), for the 300-W challenge: these are for
// research and not for commercial use, and what was fitted to them should be taken for no more. TestFit fits the map anew.
//
// # What was measured
//
// Landmarks against those that people drew, mean distance by that of the outer corners of the eyes (TestAnnotated; smaller pictures: BenchmarkAnnotated):
//
//	HELEN, 576 faces of the other people  all found, 4.12 % (median 3.9 %), 2.3 % of faces off by more than 8 %
//	AFW, 312 faces                        all found, 4.89 % (median 4.4 %), 5.1 % of faces off by more than 8 %
//
// A map of the first look alone had 4.5 % and 5.4 %. Of AFW's error the jaw has most: about 8 %, eyebrows 5.6 %, nose, eyes
// and mouth 3.4 to 3.7 %. On other pictures that had no part in fitting, the median:
//
//	ytfaces, 187 frames                   all found, 6.0 %; its labels lie elsewhere, for dlib and face-api too
//	AFLW2000, 16 faces                    all found, 9.5 %; 6.7 % below 30° of yaw, 17.4 % above; the labels' jaw is that of a 3-D model
//	dlib's examples, 43 labelled faces    all found and nothing else, 4.1 %; the labels are dlib's
//	UTKFace, 400 tight crops              all found
//	FF++ c23 and c40, Celeb-DF v2, DFDC   94 frames of 28 videos, a face found on all
//
// Time of one core of a Xeon at 2.6 GHz with AVX2: 21 ms to find the faces of a frame of 1280×720 pixels, 6 ms for each look
// at the mesh. With the second look, a frame with one face takes 1.23 times the time that it took without (CPU time, 37 runs
// each in turn), and landmarks alone 2.07 times. A frame without a face costs 200 ms, as it is looked at more finely and turned. Of the time, 40
// % goes into matrix products, 10 % each into depthwise convolutions, scaling the frame, copying rows, and PReLU. Without AVX2
// it takes 11 times as long. Memory does not grow with the length of a video: two frames at work take 110 MB in all, or 190
// MB where there is no face and the detector looks twice.
package detect
