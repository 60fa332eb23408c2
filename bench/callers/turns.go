package main

import "sync"

// Turn is one thing said and what was heard of its answer. Moments are unix time in ms.
type Turn struct {
	Event string `json:"event"`
	Call  int    `json:"call"`
	// SaidMs is when the last packet of the words was sent.
	SaidMs float64 `json:"saidMs"`
	// DelayMs is from there to the first loud packet of the answer; absent where none came before the next words.
	DelayMs *float64 `json:"delayMs,omitempty"`
	// Sounds is 1 for an answer in one piece.
	Sounds int     `json:"sounds"`
	LoudMs float64 `json:"loudMs"`
	Gaps   []Gap   `json:"gaps"`
	// Lost packets of the robot's stream since the last turn.
	Lost int `json:"lost"`
}

type ask struct {
	begunMs float64
	endedMs float64
}

// Turns matches answers with what was asked. Packets come from one goroutine, words from another.
type Turns struct {
	call   int
	mutex  sync.Mutex
	ear    Ear
	before *ask
	now    ask
	lost   int
}

func newTurns(call, loudBytes int) *Turns {
	return &Turns{call: call, ear: Ear{LoudBytes: loudBytes}}
}

func (t *Turns) hear(p Packet) {
	t.mutex.Lock()
	t.ear.Hear(p)
	t.mutex.Unlock()
}

// anew: another track, whose numbers have nothing to do with those of the last one.
func (t *Turns) anew() {
	t.mutex.Lock()
	t.ear.Anew()
	t.mutex.Unlock()
}

func (t *Turns) begin(atMs float64) {
	t.mutex.Lock()
	t.now = ask{begunMs: atMs}
	t.mutex.Unlock()
}

// end of the words: the turn before is over for certain, and is returned. Sounds that began before the first words
// (a greeting) belong to none and are let go.
func (t *Turns) end(atMs float64) *Turn {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.now.begunMs == 0 {
		return nil
	}
	t.now.endedMs = atMs
	before := t.before
	now := t.now
	t.before = &now
	sounds := t.ear.Take(now.begunMs)
	lost := t.ear.Lost - t.lost
	t.lost = t.ear.Lost
	if before == nil {
		return nil
	}
	turn := &Turn{Event: "turn", Call: t.call, SaidMs: before.endedMs, Sounds: len(sounds), Gaps: []Gap{}, Lost: lost}
	for i, sound := range sounds {
		if i == 0 {
			delayMs := sound.BegunMs - before.endedMs
			turn.DelayMs = &delayMs
		}
		turn.LoudMs += sound.LoudMs
		turn.Gaps = append(turn.Gaps, sound.Gaps...)
	}
	return turn
}
