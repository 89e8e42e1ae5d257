package io.adapt4j.core.faults;

/** Kind of call to a disk. */
enum DiskCall {
  /** Opening a file that is there. */
  OPEN,
  /** Opening a file that is not there yet. */
  CREATE,
  READ,
  WRITE,
  TRUNCATE,
  /** Forcing a file or a folder. */
  FORCE,
  MOVE,
  LINK,
  DELETE,
  CREATE_FOLDER,
  LIST,
  /** Asking for attributes, or whether a file is there. */
  STAT;

  boolean takesSpace() {
    return this == CREATE || this == WRITE || this == LINK || this == CREATE_FOLDER;
  }

  boolean changes() {
    return takesSpace() || this == TRUNCATE || this == FORCE || this == MOVE || this == DELETE;
  }

  boolean isOfChannel() {
    return this == READ || this == WRITE || this == TRUNCATE || this == FORCE;
  }

  boolean isDenied() {
    return this != STAT && !isOfChannel();
  }
}
