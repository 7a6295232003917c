/** Who fills a chunk; asked to give it up when memory runs out. */
export interface ChunkOwner {
  /** Its neighbours in the list of owners. */
  older: ChunkOwner | undefined;
  newer: ChunkOwner | undefined;
  /** Sends the owner's filling chunk, if it has one. */
  sendChunk(): void;
}

/** Owners of filling chunks, least recently opened first. Linked through the owners themselves: there may be thousands. */
export class OwnerList {
  private oldest: ChunkOwner | undefined;
  private newest: ChunkOwner | undefined;

  add(owner: ChunkOwner): void {
    this.remove(owner);
    owner.older = this.newest;
    if (this.newest === undefined) this.oldest = owner;
    else this.newest.newer = owner;
    this.newest = owner;
  }

  /** Does nothing for one that is not in the list. */
  remove(owner: ChunkOwner): void {
    const { older, newer } = owner;
    if (older !== undefined) older.newer = newer;
    else if (this.oldest === owner) this.oldest = newer;
    else return;
    if (newer !== undefined) newer.older = older;
    else this.newest = older;
    owner.older = undefined;
    owner.newer = undefined;
  }

  /** Asks the owner of the chunk opened first for it. @returns false if there is none */
  sendOldest(): boolean {
    this.oldest?.sendChunk();
    return this.oldest !== undefined;
  }

  /** Asks each owner for its chunk; that takes it out of the list. */
  sendAll(): void {
    for (let owner = this.oldest; owner !== undefined; ) {
      const { newer } = owner;
      owner.sendChunk();
      owner = newer;
    }
  }
}
