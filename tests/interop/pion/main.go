// Somebody with Pion in a call: sends sound that is silence, and says on its output what arrives.
package main

import (
	"encoding/json"
	"io"
	"os"
	"time"

	"github.com/livekit/protocol/livekit"
	lksdk "github.com/livekit/server-sdk-go/v2"
	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media"
)

// An Opus frame of 20 ms of silence.
var silence = []byte{0xf8, 0xff, 0xfe}

func main() {
	news := make(chan map[string]any, 100)
	callback := lksdk.NewRoomCallback()
	callback.OnTrackSubscribed = func(track *webrtc.TrackRemote, _ *lksdk.RemoteTrackPublication, from *lksdk.RemoteParticipant) {
		go func() {
			for count := 1; ; count++ {
				if _, _, err := track.ReadRTP(); err != nil {
					return
				}
				if count == 50 {
					news <- map[string]any{"received": track.Kind().String(), "from": from.Identity()}
				}
			}
		}()
	}
	callback.OnDataPacket = func(packet lksdk.DataPacket, params lksdk.DataReceiveParams) {
		if user, ok := packet.(*lksdk.UserDataPacket); ok {
			news <- map[string]any{"data": string(user.Payload), "from": params.SenderIdentity}
		}
	}
	callback.OnReconnected = func() { news <- map[string]any{"event": "reconnected"} }
	room, err := lksdk.ConnectToRoomWithToken(os.Args[1], os.Args[2], callback)
	if err != nil {
		panic(err)
	}
	track, err := lksdk.NewLocalSampleTrack(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2})
	if err != nil {
		panic(err)
	}
	options := &lksdk.TrackPublicationOptions{Name: "silence", Source: livekit.TrackSource_MICROPHONE}
	if _, err := room.LocalParticipant.PublishTrack(track, options); err != nil {
		panic(err)
	}
	go func() {
		for range time.Tick(20 * time.Millisecond) {
			_ = track.WriteSample(media.Sample{Data: silence, Duration: 20 * time.Millisecond}, nil)
		}
	}()
	_ = room.LocalParticipant.PublishDataPacket(lksdk.UserData([]byte("hello from Pion")), lksdk.WithDataPublishReliable(true))
	go func() {
		output := json.NewEncoder(os.Stdout)
		for message := range news {
			_ = output.Encode(message)
		}
	}()
	news <- map[string]any{"event": "connected", "sid": room.LocalParticipant.SID()}
	_, _ = io.Copy(io.Discard, os.Stdin)
	room.Disconnect()
}
