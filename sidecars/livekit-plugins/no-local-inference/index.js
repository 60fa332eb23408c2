// @livekit/agents loads this in a try and does without.
throw new Error("LiveKit's models for voice activity and ends of turns are not installed: their licence allows them with LiveKit Agents only");
