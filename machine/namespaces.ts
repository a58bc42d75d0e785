/** Network namespaces as processes, names and open handles hold them; the last one to let go ends them. Read first: network_namespaces(7) */
import type { NetKernel } from '../simulator/kernel/api.ts';
import type { NetnsHandle } from './sys.ts';

export interface NetnsRef extends NetnsHandle {
  readonly id: number;
  readonly inode: number;
  holders: number;
}

export class NetnsTable {
  private readonly kernel: NetKernel;
  private readonly byId = new Map<number, NetnsRef>();

  constructor(kernel: NetKernel) {
    this.kernel = kernel;
    // The first namespace belongs to the machine and never ends.
    this.byId.set(0, { id: 0, inode: kernel.namespaces.inode(0), holders: 1 });
  }

  get(id: number): NetnsRef {
    let ref = this.byId.get(id);
    if (ref === undefined) {
      ref = { id, inode: this.kernel.namespaces.inode(id), holders: 0 };
      this.byId.set(id, ref);
    }
    return ref;
  }

  create(): NetnsRef {
    return this.get(this.kernel.namespaces.create());
  }

  hold(ref: NetnsRef): NetnsRef {
    ref.holders += 1;
    return ref;
  }

  release(ref: NetnsRef): void {
    ref.holders -= 1;
    if (ref.holders > 0 || ref.id === 0) return;
    this.byId.delete(ref.id);
    this.kernel.namespaces.destroy(ref.id);
  }
}
