/**
 * Calls `work` once per frame while there is something to do, and now and then
 * when nobody looks, for then there are no frames.
 */
export class Frames {
  private frame = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly work: () => void,
    signal: AbortSignal,
    private readonly whenHidden = 1000,
  ) {
    const again = () => {
      if (!this.scheduled) return;
      this.cancel();
      this.schedule();
    };
    document.addEventListener("visibilitychange", again, { signal });
  }

  private get scheduled(): boolean {
    return this.frame !== 0 || this.timer !== undefined;
  }

  schedule(): void {
    if (this.scheduled) return;
    const run = () => {
      this.cancel();
      this.work();
    };
    if (document.hidden) this.timer = setTimeout(run, this.whenHidden);
    else this.frame = requestAnimationFrame(run);
  }

  private cancel(): void {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.timer);
    this.frame = 0;
    this.timer = undefined;
  }
}
