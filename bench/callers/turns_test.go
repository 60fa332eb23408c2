package main

import (
	"context"
	"testing"
	"time"

	"github.com/pion/rtp"
)

func TestTurns(t *testing.T) {
	turns := newTurns(7, 80)
	sequence := uint16(0)
	answer := func(atMs float64, packets int) {
		for i := range packets {
			sequence++
			turns.hear(Packet{AtMs: atMs + float64(i)*20, Timestamp: uint32(atMs+float64(i)*20) * clockPerMs, Sequence: sequence, Bytes: 121})
		}
	}
	answer(500, 50) // a greeting
	turns.begin(4000)
	if turn := turns.end(5400); turn != nil {
		t.Fatalf("expected nothing before the first turn is over, got %+v", turn)
	}
	answer(5900, 50)
	turns.begin(8000)
	answer(8100, 5) // what is left of an answer, while the next words are said
	first := turns.end(9400)
	if first == nil || first.DelayMs == nil || *first.DelayMs != 500 || first.Sounds != 1 || first.LoudMs != 1000 || first.Call != 7 || first.SaidMs != 5400 {
		t.Fatalf("expected an answer of 1000 ms after 500, got %+v", first)
	}
	turns.begin(12000)
	second := turns.end(13400)
	if second == nil || second.DelayMs == nil || *second.DelayMs != 8100-9400 || second.LoudMs != 100 {
		t.Fatalf("expected an early answer of 100 ms, got %+v", second)
	}
	turns.begin(16000)
	if third := turns.end(17400); third == nil || third.DelayMs != nil || third.Sounds != 0 {
		t.Errorf("expected no answer, got %+v", third)
	}
}

type sent struct {
	packets []rtp.Packet
	enough  int
	cancel  context.CancelFunc
}

func (s *sent) WriteRTP(packet *rtp.Packet) error {
	s.packets = append(s.packets, *packet)
	if len(s.packets) == s.enough {
		s.cancel()
	}
	return nil
}

// RFC 7587, 3.1.3 and 4.1: over what DTX does not send the clock runs on and the sequence does not; the first packet
// after it is marked.
func TestSilenceIsNotSent(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	out := &sent{enough: 5, cancel: cancel}
	words := &Words{PeriodMs: 80, WordPackets: 2, Packets: [][]byte{{1, 1}, {2, 2}, nil, {4, 4}}}
	speak(ctx, out, words, 0, newTurns(0, 80), func(any) {})
	slots := []uint32{0, 1, 3, 4, 5}
	if len(out.packets) != len(slots) {
		t.Fatalf("expected %d packets, got %d", len(slots), len(out.packets))
	}
	for i, packet := range out.packets {
		isMarked := i == 0 || slots[i] == 3
		if packet.SequenceNumber != uint16(i) || packet.Timestamp != slots[i]*960 || packet.Marker != isMarked {
			t.Errorf("packet %d: expected sequence %d, clock %d, marker %v; got %+v", i, i, slots[i]*960, isMarked, packet.Header)
		}
	}
}
