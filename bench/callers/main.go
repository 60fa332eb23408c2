// Callers for benchmarks of many calls: real participants of LiveKit rooms over WebRTC that neither encode nor decode.
// One costs 0.3 to 0.6 % of a core, a tenth of the call that it makes.
//
// Reads sessions as JSON lines {"call", "url", "token", "phaseMs"} and joins each at once; leaves all when its input
// ends. Writes JSON lines: "joined" and "gone" for each call, a "turn" for each thing said (see Turn), and every
// second how far the callers themselves were "late".
package main

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"github.com/pion/webrtc/v4"
)

type request struct {
	Call    int    `json:"call"`
	URL     string `json:"url"`
	Token   string `json:"token"`
	PhaseMs int    `json:"phaseMs"`
}

type note struct {
	Event string  `json:"event"`
	Call  int     `json:"call"`
	Ms    float64 `json:"ms,omitempty"`
	Why   string  `json:"why,omitempty"`
}

type lateness struct {
	Event   string  `json:"event"`
	WorstMs float64 `json:"worstMs"`
}

const (
	// Little is allocated and memory is no concern, time is.
	gcPercent      = 400
	lineLimitBytes = 64 << 10
)

// writer returns a function that writes one JSON line, from any goroutine.
func writer() func(any) {
	var mutex sync.Mutex
	encoder := json.NewEncoder(os.Stdout)
	return func(event any) {
		mutex.Lock()
		defer mutex.Unlock()
		// Nobody reads any more: the input ends at the same time.
		_ = encoder.Encode(event)
	}
}

func main() {
	file := flag.String("words", "", "a JSON file of what is said, see Words")
	loudBytes := flag.Int("loud", 0, "a payload of at least so many bytes is sound")
	flag.Parse()
	if err := run(*file, *loudBytes); err != nil {
		fmt.Fprintln(os.Stderr, "callers:", err)
		os.Exit(1)
	}
}

func run(file string, loudBytes int) error {
	if loudBytes < 1 {
		return fmt.Errorf("-loud: expected a number of bytes, got %d", loudBytes)
	}
	words, err := readWords(file)
	if err != nil {
		return err
	}
	debug.SetGCPercent(gcPercent)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	certificate, err := webrtc.GenerateCertificate(key)
	if err != nil {
		return err
	}
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer cancel()
	report := writer()
	go reportLate(ctx, report)
	var calls sync.WaitGroup
	go func() {
		defer cancel()
		lines := bufio.NewScanner(os.Stdin)
		lines.Buffer(nil, lineLimitBytes)
		for lines.Scan() {
			var one request
			if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
				fmt.Fprintln(os.Stderr, "callers: expected a session in JSON:", err)
				continue
			}
			calls.Go(func() { call(ctx, one, words, *certificate, loudBytes, report) })
		}
	}()
	<-ctx.Done()
	calls.Wait()
	return nil
}

// call is one caller from joining to the end.
func call(ctx context.Context, one request, words *Words, certificate webrtc.Certificate, loudBytes int, report func(any)) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	gone := func(err error) { report(note{Event: "gone", Call: one.Call, Why: err.Error()}) }
	api, err := newAPI(one.URL)
	if err != nil {
		gone(err)
		return
	}
	begun := time.Now()
	turns := newTurns(one.Call, loudBytes)
	session, err := join(ctx, api, certificate, one.URL, one.Token, turns)
	if err != nil {
		gone(err)
		return
	}
	defer session.close()
	report(note{Event: "joined", Call: one.Call, Ms: float64(time.Since(begun).Microseconds()) / 1000})
	go speak(ctx, session.track, words, one.PhaseMs, turns, report)
	if err := session.wait(ctx); err != nil {
		gone(err)
	}
}

func reportLate(ctx context.Context, report func(any)) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			report(lateness{Event: "late", WorstMs: float64(worstLateNs.Swap(0)) / 1e6})
		}
	}
}
