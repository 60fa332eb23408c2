package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/livekit/protocol/livekit"
	"google.golang.org/protobuf/proto"
)

// protocolVersion is the highest whose messages are understood here; the server counts what it sends by it.
const protocolVersion = "16"

const (
	dialLimit  = 10 * time.Second
	writeLimit = 5 * time.Second
	// The largest message there is is a join with its room; a server that sends more is none.
	messageLimitBytes = 1 << 20
)

// Signal is the WebSocket on which a participant and the server agree: binary messages of livekit.SignalRequest there,
// livekit.SignalResponse back.
type Signal struct {
	socket *websocket.Conn
	mutex  sync.Mutex
}

// dial joins the room of the token. The token goes in a header, not in the address, which errors quote.
func dial(ctx context.Context, address, token string) (*Signal, error) {
	at, err := url.Parse(strings.TrimRight(address, "/") + "/rtc")
	if err != nil {
		return nil, err
	}
	at.Scheme = strings.Replace(at.Scheme, "http", "ws", 1)
	at.RawQuery = url.Values{"protocol": {protocolVersion}, "auto_subscribe": {"1"}, "sdk": {"go"}}.Encode()
	dialer := websocket.Dialer{HandshakeTimeout: dialLimit, Proxy: http.ProxyFromEnvironment}
	socket, response, err := dialer.DialContext(ctx, at.String(), http.Header{"Authorization": {"Bearer " + token}})
	if err != nil {
		if response != nil {
			return nil, fmt.Errorf("%w: %s", err, response.Status)
		}
		return nil, err
	}
	socket.SetReadLimit(messageLimitBytes)
	return &Signal{socket: socket}, nil
}

func (s *Signal) send(request *livekit.SignalRequest) error {
	bytes, err := proto.Marshal(request)
	if err != nil {
		return err
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if err := s.socket.SetWriteDeadline(time.Now().Add(writeLimit)); err != nil {
		return err
	}
	return s.socket.WriteMessage(websocket.BinaryMessage, bytes)
}

// read waits for the next message; what is not binary is passed over.
func (s *Signal) read() (*livekit.SignalResponse, error) {
	for {
		kind, bytes, err := s.socket.ReadMessage()
		if err != nil {
			return nil, err
		}
		if kind != websocket.BinaryMessage {
			continue
		}
		response := &livekit.SignalResponse{}
		if err := proto.Unmarshal(bytes, response); err != nil {
			return nil, err
		}
		return response, nil
	}
}

func (s *Signal) close() {
	_ = s.socket.Close()
}

// keepAlive pings as often as the server asks for; without it the server hangs up.
func (s *Signal) keepAlive(ctx context.Context, every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			request := &livekit.SignalRequest{Message: &livekit.SignalRequest_PingReq{PingReq: &livekit.Ping{Timestamp: now.UnixMilli()}}}
			// Where it fails, reading fails as well.
			_ = s.send(request)
		}
	}
}
