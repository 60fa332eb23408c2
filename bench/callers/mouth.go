package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/pion/rtp"
)

const (
	packetTime = packetMs * time.Millisecond
	// Packets later than this are not sent any more: a microphone does not store.
	staleAfter = 100 * time.Millisecond
)

// Words are 20 ms packets of Opus, encoded beforehand, that are said over and over.
type Words struct {
	// PeriodMs is a multiple of 20, as long as all packets.
	PeriodMs int `json:"periodMs"`
	// WordPackets is how many of them, from the first on, are words and no silence.
	WordPackets int `json:"wordPackets"`
	// Packets, in base64; empty where DTX sends none (RFC 7587, 3.1.3: the clock runs on, the sequence does not).
	Packets [][]byte `json:"packets"`
}

func readWords(file string) (*Words, error) {
	bytes, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	words := &Words{}
	if err := json.Unmarshal(bytes, words); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if n := len(words.Packets); n == 0 || words.PeriodMs != n*packetMs || words.WordPackets < 1 || words.WordPackets > n {
		return nil, fmt.Errorf("%s: expected packets of 20 ms that fill periodMs and begin with wordPackets of words; got %d packets, periodMs %d, wordPackets %d", file, n, words.PeriodMs, words.WordPackets)
	}
	return words, nil
}

// worstLateNs is how late any packet of any caller was sent since it was last asked: how far the callers themselves
// are behind, on which no gap should be blamed.
var worstLateNs atomic.Int64

func noteLate(late time.Duration) {
	for {
		worst := worstLateNs.Load()
		if int64(late) <= worst || worstLateNs.CompareAndSwap(worst, int64(late)) {
			return
		}
	}
}

type rtpWriter interface {
	WriteRTP(*rtp.Packet) error
}

// speak says the words until the context ends, each time when the clock is phaseMs past a multiple of their period.
// A packet is sent when its 20 ms are over, as a microphone's would be.
func speak(ctx context.Context, track rtpWriter, words *Words, phaseMs int, turns *Turns, report func(any)) {
	period := time.Duration(words.PeriodMs) * time.Millisecond
	begin := time.Now().Truncate(period).Add(time.Duration(phaseMs) * time.Millisecond)
	for time.Until(begin) < 0 {
		begin = begin.Add(period)
	}
	// Truncate has dropped the monotonic reading; distances from here on have it.
	begin = time.Now().Add(time.Until(begin))
	timer := time.NewTimer(0)
	<-timer.C
	sequence := uint16(0)
	wasSilent := true
	for slot := 0; ; slot++ {
		at := slot % len(words.Packets)
		begunAt := begin.Add(time.Duration(slot) * packetTime)
		payload := words.Packets[at]
		if at == 0 {
			if !sleepUntil(ctx, timer, begunAt) {
				return
			}
			turns.begin(unixMs(begunAt))
		}
		if len(payload) > 0 {
			due := begunAt.Add(packetTime)
			if !sleepUntil(ctx, timer, due) {
				return
			}
			late := time.Since(due)
			noteLate(late)
			if late < staleAfter {
				packet := &rtp.Packet{Header: rtp.Header{Version: 2, Marker: wasSilent, SequenceNumber: sequence, Timestamp: uint32(slot) * packetMs * clockPerMs}, Payload: payload}
				// An error here is a connection that is gone, which the session reports.
				_ = track.WriteRTP(packet)
				sequence++
			}
		}
		wasSilent = len(payload) == 0
		if at == words.WordPackets-1 {
			if turn := turns.end(unixMs(time.Now())); turn != nil {
				report(turn)
			}
		}
	}
}

func sleepUntil(ctx context.Context, timer *time.Timer, at time.Time) bool {
	timer.Reset(time.Until(at))
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// started ties unix time to the monotonic clock once: a clock that is set meanwhile makes no gap.
var started = time.Now()

func unixMs(at time.Time) float64 {
	return float64(started.UnixMicro())/1000 + float64(at.Sub(started).Microseconds())/1000
}
