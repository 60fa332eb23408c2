package main

import (
	"encoding/json"
	"net"
	"net/url"
	"sync"

	"github.com/livekit/protocol/livekit"
	"github.com/pion/interceptor"
	"github.com/pion/webrtc/v4"
)

// newAPI makes peer connections that know Opus and nothing else: where no RED is negotiated the server takes it apart
// (as it does for browsers without RED), and no NACK brings back what was lost, so a lost packet counts.
func newAPI(serverURL string) (*webrtc.API, error) {
	media := &webrtc.MediaEngine{}
	opus := webrtc.RTPCodecParameters{
		RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2, SDPFmtpLine: "minptime=10;useinbandfec=1;usedtx=1"},
		PayloadType:        111,
	}
	if err := media.RegisterCodec(opus, webrtc.RTPCodecTypeAudio); err != nil {
		return nil, err
	}
	registry := &interceptor.Registry{}
	if err := webrtc.ConfigureRTCPReports(registry); err != nil {
		return nil, err
	}
	settings := webrtc.SettingEngine{}
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	if isLoopback(serverURL) {
		settings.SetIncludeLoopbackCandidate(true)
		settings.SetInterfaceFilter(func(name string) bool { return name == "lo" || name == "lo0" })
	}
	return webrtc.NewAPI(webrtc.WithMediaEngine(media), webrtc.WithInterceptorRegistry(registry), webrtc.WithSettingEngine(settings)), nil
}

func isLoopback(address string) bool {
	at, err := url.Parse(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(at.Hostname())
	return at.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// Peer is one of a participant's two connections: one to publish on, one on which he hears.
type Peer struct {
	*webrtc.PeerConnection
	mutex   sync.Mutex
	pending []webrtc.ICECandidateInit
}

// newPeer tells the server of each candidate of its own. The server has an address that callers can reach, so neither
// STUN nor TURN is asked.
func newPeer(api *webrtc.API, certificate webrtc.Certificate, signal *Signal, target livekit.SignalTarget) (*Peer, error) {
	connection, err := api.NewPeerConnection(webrtc.Configuration{Certificates: []webrtc.Certificate{certificate}, BundlePolicy: webrtc.BundlePolicyMaxBundle})
	if err != nil {
		return nil, err
	}
	connection.OnICECandidate(func(candidate *webrtc.ICECandidate) {
		if candidate == nil {
			return
		}
		bytes, err := json.Marshal(candidate.ToJSON())
		if err != nil {
			return
		}
		trickle := &livekit.TrickleRequest{CandidateInit: string(bytes), Target: target}
		// Where it fails, reading fails as well.
		_ = signal.send(&livekit.SignalRequest{Message: &livekit.SignalRequest_Trickle{Trickle: trickle}})
	})
	return &Peer{PeerConnection: connection}, nil
}

// candidate takes one of the server's; those that come before its description wait for it.
func (p *Peer) candidate(text string) error {
	var init webrtc.ICECandidateInit
	if err := json.Unmarshal([]byte(text), &init); err != nil {
		return err
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.RemoteDescription() == nil {
		p.pending = append(p.pending, init)
		return nil
	}
	return p.AddICECandidate(init)
}

func (p *Peer) remote(kind webrtc.SDPType, sdp string) error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if err := p.SetRemoteDescription(webrtc.SessionDescription{Type: kind, SDP: sdp}); err != nil {
		return err
	}
	for _, init := range p.pending {
		if err := p.AddICECandidate(init); err != nil {
			return err
		}
	}
	p.pending = nil
	return nil
}
