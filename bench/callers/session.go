package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

const (
	joinLimit = 20 * time.Second
	// RFC 8834 and Ethernet: no RTP packet is larger.
	packetLimitBytes = 1500
	trackID          = "microphone"
)

// Session is one caller in one room: says what he is told and listens to every audio track there. When the connection
// is gone he does not come back.
type Session struct {
	turns     *Turns
	signal    *Signal
	publisher *Peer
	hearer    *Peer
	track     *webrtc.TrackLocalStaticRTP
	connected chan struct{}
	once      sync.Once
	broken    chan error
}

// join returns when the microphone is connected. run must follow, or close.
func join(ctx context.Context, api *webrtc.API, certificate webrtc.Certificate, address, token string, turns *Turns) (*Session, error) {
	ctx, cancel := context.WithTimeout(ctx, joinLimit)
	defer cancel()
	signal, err := dial(ctx, address, token)
	if err != nil {
		return nil, err
	}
	s := &Session{turns: turns, signal: signal, connected: make(chan struct{}), broken: make(chan error, 4)}
	if err := s.setUp(api, certificate); err != nil {
		s.close()
		return nil, err
	}
	select {
	case <-s.connected:
		return s, nil
	case err := <-s.broken:
		s.close()
		return nil, err
	case <-ctx.Done():
		s.close()
		return nil, fmt.Errorf("not joined within %v", joinLimit)
	}
}

func (s *Session) setUp(api *webrtc.API, certificate webrtc.Certificate) error {
	if err := s.signal.socket.SetReadDeadline(time.Now().Add(joinLimit)); err != nil {
		return err
	}
	first, err := s.signal.read()
	if err != nil {
		return err
	}
	if first.GetJoin() == nil {
		return fmt.Errorf("expected the server to begin with a join, got %T", first.GetMessage())
	}
	if err := s.signal.socket.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	if s.publisher, err = newPeer(api, certificate, s.signal, livekit.SignalTarget_PUBLISHER); err != nil {
		return err
	}
	if s.hearer, err = newPeer(api, certificate, s.signal, livekit.SignalTarget_SUBSCRIBER); err != nil {
		return err
	}
	s.publisher.OnConnectionStateChange(func(state webrtc.PeerConnectionState) { s.onState(state, true) })
	s.hearer.OnConnectionStateChange(func(state webrtc.PeerConnectionState) { s.onState(state, false) })
	s.hearer.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		s.turns.anew()
		s.listen(track)
	})
	capability := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}
	if s.track, err = webrtc.NewTrackLocalStaticRTP(capability, trackID, trackID); err != nil {
		return err
	}
	go s.read(first.GetJoin())
	// No RED of ours either: each packet goes once.
	add := &livekit.AddTrackRequest{Cid: trackID, Name: trackID, Type: livekit.TrackType_AUDIO, Source: livekit.TrackSource_MICROPHONE, DisableRed: true}
	return s.signal.send(&livekit.SignalRequest{Message: &livekit.SignalRequest_AddTrack{AddTrack: add}})
}

// wait returns when the call is over: nil where the context ended it.
func (s *Session) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		leave := &livekit.LeaveRequest{Reason: livekit.DisconnectReason_CLIENT_INITIATED}
		// He goes in any case.
		_ = s.signal.send(&livekit.SignalRequest{Message: &livekit.SignalRequest_Leave{Leave: leave}})
		return nil
	case err := <-s.broken:
		return err
	}
}

func (s *Session) close() {
	s.signal.close()
	for _, peer := range []*Peer{s.publisher, s.hearer} {
		if peer != nil {
			_ = peer.Close()
		}
	}
}

func (s *Session) breakWith(err error) {
	select {
	case s.broken <- err:
	default:
	}
}

func (s *Session) onState(state webrtc.PeerConnectionState, isPublisher bool) {
	if state == webrtc.PeerConnectionStateFailed {
		s.breakWith(errors.New("the media connection failed"))
	}
	if state == webrtc.PeerConnectionStateConnected && isPublisher {
		s.once.Do(func() { close(s.connected) })
	}
}

func (s *Session) read(first *livekit.JoinResponse) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go s.signal.keepAlive(ctx, time.Duration(max(first.GetPingInterval(), 1))*time.Second)
	for {
		response, err := s.signal.read()
		if err == nil {
			err = s.answer(response)
		}
		if err != nil {
			s.breakWith(err)
			return
		}
	}
}

// answer does what a message of the server's asks for; most only tell.
func (s *Session) answer(response *livekit.SignalResponse) error {
	switch message := response.GetMessage().(type) {
	case *livekit.SignalResponse_TrackPublished:
		return s.offer()
	case *livekit.SignalResponse_Answer:
		return s.publisher.remote(webrtc.SDPTypeAnswer, message.Answer.GetSdp())
	case *livekit.SignalResponse_Offer:
		return s.accept(message.Offer)
	case *livekit.SignalResponse_Trickle:
		peer := s.publisher
		if message.Trickle.GetTarget() == livekit.SignalTarget_SUBSCRIBER {
			peer = s.hearer
		}
		return peer.candidate(message.Trickle.GetCandidateInit())
	case *livekit.SignalResponse_Leave:
		return fmt.Errorf("the server hung up: %s", message.Leave.GetReason())
	}
	return nil
}

func (s *Session) offer() error {
	if _, err := s.publisher.AddTransceiverFromTrack(s.track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}); err != nil {
		return err
	}
	offer, err := s.publisher.CreateOffer(nil)
	if err != nil {
		return err
	}
	if err := s.publisher.SetLocalDescription(offer); err != nil {
		return err
	}
	description := &livekit.SessionDescription{Type: "offer", Sdp: offer.SDP}
	return s.signal.send(&livekit.SignalRequest{Message: &livekit.SignalRequest_Offer{Offer: description}})
}

func (s *Session) accept(offer *livekit.SessionDescription) error {
	if err := s.hearer.remote(webrtc.SDPTypeOffer, offer.GetSdp()); err != nil {
		return err
	}
	answer, err := s.hearer.CreateAnswer(nil)
	if err != nil {
		return err
	}
	if err := s.hearer.SetLocalDescription(answer); err != nil {
		return err
	}
	description := &livekit.SessionDescription{Type: "answer", Sdp: answer.SDP, Id: offer.GetId()}
	return s.signal.send(&livekit.SignalRequest{Message: &livekit.SignalRequest_Answer{Answer: description}})
}

func (s *Session) listen(track *webrtc.TrackRemote) {
	buffer := make([]byte, packetLimitBytes)
	header := rtp.Header{}
	for {
		n, _, err := track.Read(buffer)
		if err != nil {
			// The track or the connection has ended.
			return
		}
		at := time.Now()
		begin, err := header.Unmarshal(buffer[:n])
		if err != nil {
			continue
		}
		bytes := n - begin
		if header.Padding && n > 0 {
			bytes -= int(buffer[n-1])
		}
		if bytes <= 0 {
			// Padding alone, which the server sends to probe: no sound, but a number in the sequence.
			bytes = 0
		}
		s.turns.hear(Packet{AtMs: unixMs(at), Timestamp: header.Timestamp, Sequence: header.SequenceNumber, Bytes: bytes})
	}
}
