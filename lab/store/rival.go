package store

// Rival is how a trivial rival (package rival) did on the videos of a test set that the run and it have scored.
type Rival struct {
	Name    string   `json:"rival"` // its column in scores.csv
	Dataset string   `json:"dataset"`
	Method  string   `json:"method"` // a manipulation, or "all"
	AUC     float64  `json:"auc"`
	Low     *float64 `json:"low"` // 95 % interval; null where there is none, as of few people
	High    *float64 `json:"high"`
	NReal   int      `json:"n_real"` // videos
	NFake   int      `json:"n_fake"`
	// As those of [Test].
	RealPeople int    `json:"real_people"`
	FakePeople int    `json:"fake_people"`
	NoInterval string `json:"no_interval,omitempty"`
	// Difference is the AUC of the run minus that of the rival on the same videos, null where there is no interval.
	Difference *Difference `json:"difference"`
}

// Difference is one of two AUCs with its 95 % interval, paired by video.
type Difference struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// Beaten tells that the run is shown to do better: the interval of the difference lies above 0.
func (r Rival) Beaten() bool { return r.Difference != nil && r.Difference.Low > 0 }

// RivalsOf are the rivals on the videos of a test; none at another level.
func (r Record) RivalsOf(t Test) (found []Rival) {
	for _, rival := range r.Rivals {
		if t.Level == LevelVideo && rival.Dataset == t.Dataset && rival.Method == t.Method {
			found = append(found, rival)
		}
	}
	return found
}
