import { describe, expect, it } from 'vitest';
import type { CallRecord, Journal } from '../../../voice-node/domain/journal.js';
import { wallMs } from '../../../voice-node/domain/time.js';
import { DeskRecords } from '../../../voice-node/node/desk-records.js';
import { VirtualClock } from '../../../voice-node/platform/virtual-clock.js';
import { MemoryLog } from '../call/rig.js';

function rig() {
  const clock = new VirtualClock();
  const log = new MemoryLog();
  const asked: { readonly what: 'put' | 'remove'; readonly callId: string; readonly identity?: string; readonly atMs: number }[] = [];
  const lost: string[] = [];
  const control = { ours: true, trouble: false, takesMs: 0, open: 0, mostOpen: 0 };
  const answer = async <T>(value: () => T): Promise<T> => {
    control.mostOpen = Math.max(control.mostOpen, ++control.open);
    if (control.takesMs > 0) await new Promise<void>((resolve) => void clock.at((clock.nowMs() + control.takesMs) as ReturnType<typeof clock.nowMs>, resolve));
    control.open--;
    if (control.trouble) throw new Error('disk full');
    return value();
  };
  const journal = {
    put: ({ callId, identity }: CallRecord) => (asked.push({ what: 'put', callId, identity, atMs: clock.nowMs() }), answer(() => control.ours)),
    remove: (callId: string) => (asked.push({ what: 'remove', callId, atMs: clock.nowMs() }), answer(() => undefined)),
  } as unknown as Journal;
  const records = new DeskRecords(journal, clock, log, (callId) => void lost.push(callId));
  let identity = 0;
  const change = (callId: string): void => {
    const name = `i${identity++}`;
    newest.set(callId, name);
    records.changed(callId, () => ({ callId, room: 'r', metadata: '', identity: newest.get(callId) ?? '', acceptedMs: wallMs(0), said: [] }));
  };
  const newest = new Map<string, string>();
  return { clock, log, asked, lost, control, records, change };
}

describe('the records of calls', () => {
  it('are written at once, then at most once a second, always the newest', async () => {
    const { clock, asked, change } = rig();
    for (let ms = 0; ms < 3000; ms += 50) {
      await clock.advanceTo(ms);
      change('a');
    }
    await clock.advanceTo(5000);
    expect(asked.map(({ atMs, identity }) => [atMs, identity])).toEqual([
      [0, 'i0'],
      [1000, 'i19'],
      [2000, 'i39'],
      [3000, 'i59'],
    ]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('never have two writes on their way for one call, and calls do not wait for one another', async () => {
    const { clock, control, change, asked } = rig();
    control.takesMs = 3000;
    change('a');
    for (let ms = 100; ms <= 9000; ms += 100) {
      await clock.advanceTo(ms);
      change('a');
    }
    expect(control.mostOpen).toBe(1);
    expect(asked.length).toBeLessThanOrEqual(4);
    change('b');
    expect(asked.at(-1)).toMatchObject({ callId: 'b', atMs: 9000 });
  });

  it('are removed when the call is over, after what is being written, and not written again', async () => {
    const { clock, control, change, asked, records } = rig();
    control.takesMs = 500;
    change('a');
    await clock.advanceTo(100);
    change('a');
    records.over('a');
    change('a');
    let settled = false;
    void records.settled().then(() => (settled = true));
    await clock.advanceTo(999);
    expect(settled).toBe(false);
    await clock.advanceTo(3000);
    expect(asked.map(({ what, atMs }) => [what, atMs])).toEqual([
      ['put', 0],
      ['remove', 500],
    ]);
    expect(settled).toBe(true);
    expect(records.count).toBe(0);
  });

  it('that cannot be written are tried again, and it is said once, and once that it works again', async () => {
    const { clock, control, change, asked, records, log } = rig();
    control.trouble = true;
    change('a');
    change('b');
    await clock.advanceTo(4500);
    expect(log.at('error')).toHaveLength(1);
    control.trouble = false;
    await clock.advanceTo(6000);
    expect(log.at('info')).toEqual(['the journal is written again']);
    expect(asked.filter(({ callId }) => callId === 'a').length).toBe(6);
    control.trouble = true;
    records.over('a');
    records.over('b');
    await clock.advanceTo(20_000);
    expect(records.count).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it('that belong to another node are told once, and left alone', async () => {
    const { clock, control, change, asked, records, lost } = rig();
    change('a');
    await clock.advanceTo(10);
    control.ours = false;
    records.confirm();
    await clock.advanceTo(20);
    expect(lost).toEqual(['a']);
    change('a');
    records.confirm();
    await clock.advanceTo(5000);
    records.over('a');
    await clock.advanceTo(6000);
    expect(asked.map(({ what }) => what)).toEqual(['put', 'put']);
    expect(records.count).toBe(0);
  });

  it('of a journal that never answers hold nothing up for ever', async () => {
    const { clock, control, change, records } = rig();
    control.takesMs = 1e9;
    change('a');
    records.over('a');
    await clock.advanceTo(60_000);
    expect(records.count).toBe(0);
  });
});
