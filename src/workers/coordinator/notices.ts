import type { Clock } from '../../shared/clock.ts';
import type { Control } from '../../shared/control/control.ts';
import type { MaintenanceEvent } from '../../shared/control/maintenance.ts';
import type { Notice } from '../../shared/control/start.ts';
import { NOTICES_SEEN } from '../../shared/control/words.ts';

/** So many events may be on their way. */
export const NOTICES_MAX = 256;

/**
 * Passes events of maintenance on to the opening thread. That one may be in a synchronous loop for as long as it likes, so
 * events beyond those it has yet to take are dropped: they would pile up in its port.
 */
export class Notices {
  private readonly control: Control;
  private readonly clock: Clock;
  private readonly post: (notice: Notice) => void;
  private posted = 0;

  constructor(control: Control, clock: Clock, post: (notice: Notice) => void) {
    this.control = control;
    this.clock = clock;
    this.post = post;
  }

  tell(event: MaintenanceEvent): void {
    if (((this.posted - Atomics.load(this.control.words, NOTICES_SEEN)) | 0) >= NOTICES_MAX) return;
    this.posted++;
    this.post({ notice: 'maintenance', event, atMs: this.clock.wall() });
  }
}
