import { arch, availableParallelism, cpus, loadavg, platform, release, totalmem } from 'node:os';

/** What figures were measured on. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly node: string;
  readonly platform: string;
  /** Threads that wanted to run in the last minute, on average; 0 where the system keeps no count. */
  readonly load: number;
}

/** Describes the machine that this process runs on, and how busy it is: call it before the measuring starts. */
export function describeMachine(): Machine {
  const all = cpus();
  // Some virtual machines and ARM boards name no model.
  const model = all[0]?.model.trim() || 'unnamed CPU';
  const mhz = all[0]?.speed ?? 0;
  return {
    cpu: mhz > 0 && !/hz/i.test(model) ? `${model} ${(mhz / 1000).toFixed(1)} GHz` : model,
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    node: process.version,
    platform: `${platform()} ${release()} ${arch()}`,
    load: loadavg()[0]!,
  };
}

/** The machine in one line. */
export function machineLine(machine: Machine): string {
  const memory = (machine.memoryBytes / 2 ** 30).toFixed(1);
  return `${machine.cpu}, ${machine.cores} cores, ${memory} GiB, node ${machine.node}, ${machine.platform}`;
}

/** A warning when others used much of the machine before the run, else undefined: figures are then low and uneven. */
export function busyWarning({ load, cores }: Machine): string | undefined {
  if (load < cores / 2) return undefined;
  return `The machine was busy before the run (load ${load.toFixed(1)} on ${cores} cores): take the figures with a grain of salt`;
}
