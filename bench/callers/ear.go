package main

import "math"

// What a caller hears, told from packets alone. An Opus encoder with DTX leaves a few bytes of silence where it has
// dozens of a voice, so the size says which is which, and nothing is decoded.
//
// A gap is counted more strictly than by a listener who decodes:
//   - Two loud packets that arrive more than 40 ms further apart than their 20 ms are a gap, though a jitter buffer
//     may have had that much in store.
//   - So is lateness that grows packet by packet: 30 ms and 30 ms more leave a buffer of 40 ms empty, though
//     no single distance is over the limit.
//   - So is silence on the media clock, lost or sent, however fast the packets come.
//
// What conceals (NetEq stretches the last sound over a hole) conceals nothing here. The one thing a decoder sees and
// this does not is silence inside of a packet that is also loud: less than 20 ms of it.

const (
	packetMs = 20.0
	// RFC 7587, 4.1: the RTP clock of Opus always runs at 48 kHz.
	clockPerMs = 48
	gapMs      = 40.0
	// A pause longer than this ends an answer; the next sound is another one.
	endMs = 700.0
)

// Packet is one RTP packet as it came.
type Packet struct {
	AtMs      float64
	Timestamp uint32
	Sequence  uint16
	Bytes     int
}

// Gap is a pause within a sound, told by the packet that ended it.
type Gap struct {
	AtMs float64 `json:"atMs"`
	Ms   float64 `json:"ms"`
}

// Sound is a stretch of loud packets with no pause over endMs.
type Sound struct {
	BegunMs float64
	EndMs   float64
	LoudMs  float64
	Gaps    []Gap
}

// Ear takes packets in the order they come. Sounds gather until they are taken.
type Ear struct {
	// LoudBytes: a payload of at least so many bytes is sound.
	LoudBytes int
	// Lost is how many packets never came, by their sequence numbers.
	Lost   int
	sounds []Sound

	heardAny bool
	highest  uint16
	last     Packet
	lateMs   float64
}

// Hear takes one packet. Duplicates, and those that others have overtaken, are heard as nothing: a listener with no
// store has already gone on.
func (e *Ear) Hear(p Packet) {
	if !e.isNext(p.Sequence) || p.Bytes < e.LoudBytes {
		return
	}
	distanceMs := p.AtMs - e.last.AtMs
	if len(e.sounds) == 0 || distanceMs > endMs {
		e.sounds = append(e.sounds, Sound{BegunMs: p.AtMs})
		e.lateMs = 0
	} else if pauseMs := e.pause(p, distanceMs); pauseMs > gapMs {
		sound := &e.sounds[len(e.sounds)-1]
		sound.Gaps = append(sound.Gaps, Gap{AtMs: p.AtMs, Ms: pauseMs})
		// The listener has heard the gap and goes on from here.
		e.lateMs = 0
	}
	sound := &e.sounds[len(e.sounds)-1]
	sound.EndMs = p.AtMs
	sound.LoudMs += packetMs
	e.last = p
}

// Anew: the packets that follow are another stream's, with numbers and a clock of their own.
func (e *Ear) Anew() {
	e.heardAny = false
	e.last = Packet{AtMs: math.Inf(-1)}
}

// Take removes the sounds that began before a moment and returns them. A sound that still lasts is gone as well: what
// follows of it within endMs is counted as a new one.
func (e *Ear) Take(beforeMs float64) []Sound {
	n := 0
	for n < len(e.sounds) && e.sounds[n].BegunMs < beforeMs {
		n++
	}
	taken := append([]Sound(nil), e.sounds[:n]...)
	e.sounds = append(e.sounds[:0], e.sounds[n:]...)
	return taken
}

// pause is the longest silence that a listener could make of the way from the last loud packet to this one.
func (e *Ear) pause(p Packet, distanceMs float64) float64 {
	mediaMs := float64(int32(p.Timestamp-e.last.Timestamp)) / clockPerMs
	// Behind the best packet of this sound so far (Lindley's recursion): what is early pays back what was late.
	e.lateMs = math.Max(0, e.lateMs+distanceMs-mediaMs)
	return math.Max(e.lateMs, math.Max(distanceMs, mediaMs)-packetMs)
}

// isNext counts what is missing, and says whether a packet is newer than all before it (RFC 3550, A.1: numbers wrap).
func (e *Ear) isNext(sequence uint16) bool {
	if !e.heardAny {
		e.heardAny = true
		e.highest = sequence
		return true
	}
	ahead := int16(sequence - e.highest)
	if ahead <= 0 {
		if ahead < 0 && e.Lost > 0 {
			e.Lost--
		}
		return false
	}
	e.Lost += int(ahead) - 1
	e.highest = sequence
	return true
}
