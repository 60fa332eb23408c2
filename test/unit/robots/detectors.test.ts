import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DetectorNeeds } from '../../../voice-node/cli/detector-needs.js';
import { RobotDetectors } from '../../../voice-node/cli/detectors.js';
import { RobotSettings } from '../../../voice-node/cli/robot-settings.js';
import { RobotFolder } from '../../../voice-node/robots/folder.js';
import { ECHO, Farm } from './farm.js';

let farm: Farm;
beforeEach(() => void (farm = new Farm()));
afterEach(() => farm.dispose());

/** Probability of a frame that is loud for some thresholds and not for others. */
const heard = (detectors: RobotDetectors, robots: RobotFolder, name: string): number => {
  const robot = robots.get(name);
  const detector = detectors.for(robot).create('energy', 8000);
  const frame = new Int16Array(160).map((_, i) => (i % 2 === 0 ? 1000 : -1000));
  return detector.push(frame);
};

describe('the detectors of robots', () => {
  it('are set by the .env of each, and shared where nothing differs', async () => {
    farm.write({ 'a/config.json': ECHO, 'b/config.json': ECHO, 'c/config.json': ECHO, 'c/.env': 'VAD_ENERGY_THRESHOLD_RMS=5000' });
    const settings = new RobotSettings({ ROBOTS_DIR: farm.folder, VAD: 'energy' });
    const robots = new RobotFolder(settings.folder);
    const detectors = await RobotDetectors.load(settings, new DetectorNeeds(settings, robots.all()));
    expect(detectors.for(robots.get('a'))).toBe(detectors.for(robots.get('b')));
    expect(heard(detectors, robots, 'a')).toBeGreaterThan(heard(detectors, robots, 'c'));
    detectors.close();
  });

  it('cannot be others than were loaded: a robot that wants them waits for the next start', async () => {
    farm.write({ 'a/config.json': ECHO, 'b/config.json': { ...ECHO, vad: { detector: 'webrtc' } } });
    const settings = new RobotSettings({ ROBOTS_DIR: farm.folder, VAD: 'energy' });
    const robots = new RobotFolder(settings.folder);
    const needs = new DetectorNeeds(settings, robots.all());
    const detectors = await RobotDetectors.load(settings, needs);
    const lacking = [{ thing: 'a restart of the node', text: expect.stringMatching(/next start/) as string }];
    farm.write({ 'a/config.json': { ...ECHO, vad: { detector: 'webrtc', min_speech_ms: 200 } } });
    expect(needs.missing(robots.get('a'))).toEqual([]);
    farm.write({ 'a/config.json': { ...ECHO, vad: { detector: 'silero' } } });
    expect(needs.missing(robots.get('a'))).toEqual(lacking);
    expect(() => detectors.for(robots.get('a'))).toThrow(/not loaded/);
    farm.write({ 'a/config.json': ECHO, 'a/.env': 'VAD_WEBRTC_MODE=0' });
    expect(needs.missing(robots.get('a'))).toEqual(lacking);
    farm.write({ 'a/.env': 'VAD_MIN_SILENCE_MS=900' });
    expect(needs.missing(robots.get('a'))).toEqual([]);
    detectors.close();
  });
});
