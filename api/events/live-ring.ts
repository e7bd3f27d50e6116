import type { ReceivedEvent } from '../../sql/events/live.ts';

/** An event of a live stream: its position in the order of receipt, the text that is sent, and what it can be filtered by. */
export type LiveFrame = { place: string; text: string } & Pick<
  ReceivedEvent,
  'type' | 'source' | 'subject' | 'outcome' | 'marketplace'
>;

/** What a ring may hold, and from which place on. */
export type LiveRoom = { events: number; characters: number; from: string };

/** The latest events of a tenant, each with a number of its own. Numbers that are missing are events that were left out. */
export type LiveRing = {
  /**
   * Adds events behind all others. With `isCut` events before them were left out. The oldest leave where there is no room, and those before
   * `from` anyway: an event that is erased must not be sent much later.
   */
  add: (frames: readonly LiveFrame[], isCut: boolean, room: LiveRoom) => void;
  /** Number of the oldest, and the number that the next one will have. */
  first: () => number;
  next: () => number;
  at: (number: number) => LiveFrame | undefined;
  /** The number of the first event behind a place; undefined where events behind it may be gone. */
  after: (place: string) => number | undefined;
};

/** A ring that has everything from a place on. */
export function createLiveRing(from: string): LiveRing {
  const frames: LiveFrame[] = [];
  let first = 0;
  let characters = 0;
  /** Everything behind it is there. */
  let since = from;

  function drop(count: number): void {
    for (const { place, text } of frames.splice(0, count)) {
      since = place;
      characters -= text.length;
    }
    first += count;
  }

  return {
    add(more, isCut, room) {
      if (isCut) {
        drop(frames.length);
        first++;
        since = more[0]?.place ?? since;
      }
      for (const frame of more) {
        frames.push(frame);
        characters += frame.text.length;
      }
      let surplus = 0;
      let left = characters;
      const isTooMuch = ({ place }: LiveFrame) =>
        place < room.from || left > room.characters || frames.length - surplus > room.events;
      for (const frame of frames) {
        if (!isTooMuch(frame)) break;
        surplus++;
        left -= frame.text.length;
      }
      if (surplus > 0) drop(surplus);
    },
    first: () => first,
    next: () => first + frames.length,
    at: (number) => frames[number - first],
    after(place) {
      if (place < since) return undefined;
      const at = frames.findIndex((frame) => frame.place > place);
      return first + (at === -1 ? frames.length : at);
    },
  };
}
