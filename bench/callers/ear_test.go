package main

import (
	"math"
	"testing"
)

const loud = 121
const silent = 3

// train sends packets to an ear, 20 ms apart on both clocks unless told otherwise.
type train struct {
	ear Ear
	at  Packet
}

func newTrain() *train {
	// The numbers wrap on the way (RFC 3550, 5.1: both begin at random).
	return &train{ear: Ear{LoudBytes: 80}, at: Packet{AtMs: 1000, Timestamp: math.MaxUint32 - 5000, Sequence: math.MaxUint16 - 5}}
}

// send sends one packet and then moves on: by so much of arrival, so much on the media clock.
func (t *train) send(bytes int, arrivalMs, mediaMs float64) {
	t.at.Bytes = bytes
	t.ear.Hear(t.at)
	t.at.AtMs += arrivalMs
	t.at.Timestamp += uint32(mediaMs * clockPerMs)
	t.at.Sequence++
}

func (t *train) run(packets int) {
	for range packets {
		t.send(loud, 20, 20)
	}
}

func (t *train) lose(packets int) {
	for range packets {
		t.at.AtMs += 20
		t.at.Timestamp += 20 * clockPerMs
		t.at.Sequence++
	}
}

func TestGaps(t *testing.T) {
	cases := []struct {
		name string
		hole func(*train)
		gaps []float64
	}{
		{"none", func(*train) {}, nil},
		{"60 ms in which nothing was sent, on a clock that ran on", func(t *train) { t.send(loud, 80, 80) }, []float64{60}},
		{"60 ms late, on a clock that stood", func(t *train) { t.send(loud, 80, 20) }, []float64{60}},
		{"60 ms of silence packets", func(t *train) {
			for range 3 {
				t.send(silent, 20, 20)
			}
		}, []float64{60}},
		{"60 ms of silence, all of it delivered at once", func(t *train) {
			for range 3 {
				t.send(silent, 0, 20)
			}
		}, []float64{60}},
		{"three packets lost", func(t *train) { t.lose(3) }, []float64{60}},
		{"two packets lost", func(t *train) { t.lose(2) }, nil},
		{"exactly 40 ms late", func(t *train) { t.send(loud, 60, 20) }, nil},
		{"40 ms late, and made up for", func(t *train) {
			for range 5 {
				t.send(loud, 60, 20)
				t.send(loud, 0, 20)
				t.send(loud, 0, 20)
			}
		}, nil},
		{"30 ms late and 30 ms later still", func(t *train) {
			t.send(loud, 50, 20)
			t.send(loud, 50, 20)
		}, []float64{60}},
		{"200 ms of standstill, then all that was held back", func(t *train) {
			t.send(loud, 220, 20)
			for range 10 {
				t.send(loud, 0, 20)
			}
		}, []float64{200}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			train := newTrain()
			train.run(10)
			c.hole(train)
			train.run(10)
			sounds := train.ear.Take(math.Inf(1))
			if len(sounds) != 1 {
				t.Fatalf("expected one sound, got %d", len(sounds))
			}
			if got := sounds[0].Gaps; !near(got, c.gaps) {
				t.Errorf("expected gaps of %v ms, got %v", c.gaps, got)
			}
		})
	}
}

func TestSoundsAreParted(t *testing.T) {
	train := newTrain()
	train.run(50)
	train.send(loud, 740, 740)
	train.run(25)
	sounds := train.ear.Take(math.Inf(1))
	if len(sounds) != 2 || sounds[0].LoudMs != 51*20 || sounds[1].LoudMs != 25*20 || len(sounds[0].Gaps)+len(sounds[1].Gaps) != 0 {
		t.Fatalf("expected sounds of 1020 and 500 ms without gaps, got %+v", sounds)
	}
	if sounds[1].BegunMs != 1000+50*20+740 {
		t.Errorf("expected the second to begin at 2740 ms, got %v", sounds[1].BegunMs)
	}
}

func TestComfortNoiseIsNoSound(t *testing.T) {
	train := newTrain()
	for range 20 {
		train.send(55, 20, 20)
		train.send(1, 400, 400)
	}
	if sounds := train.ear.Take(math.Inf(1)); len(sounds) != 0 {
		t.Errorf("expected no sound, got %+v", sounds)
	}
}

func TestLoss(t *testing.T) {
	train := newTrain()
	train.run(10)
	overtaken := train.at
	overtaken.Bytes = loud
	train.lose(2)
	train.run(10)
	if train.ear.Lost != 2 {
		t.Fatalf("expected 2 lost, got %d", train.ear.Lost)
	}
	train.ear.Hear(overtaken)
	train.at.Sequence--
	train.run(1)
	if train.ear.Lost != 1 {
		t.Errorf("expected 1 lost when the other has come late and a third twice, got %d", train.ear.Lost)
	}
}

func TestAnotherStreamIsNoGap(t *testing.T) {
	train := newTrain()
	train.run(10)
	train.ear.Anew()
	train.at.Sequence += 3000
	train.at.Timestamp += 1e9
	train.at.AtMs += 100
	train.run(10)
	sounds := train.ear.Take(math.Inf(1))
	if len(sounds) != 2 || len(sounds[1].Gaps) != 0 || train.ear.Lost != 0 {
		t.Errorf("expected two whole sounds and nothing lost, got %+v and %d lost", sounds, train.ear.Lost)
	}
}

func near(got []Gap, want []float64) bool {
	if len(got) != len(want) {
		return false
	}
	for i := range got {
		if math.Abs(got[i].Ms-want[i]) > 0.001 {
			return false
		}
	}
	return true
}
