package io.adapt4j.core.faults;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A disk on which the n-th call goes wrong, above a folder of the real one. It also keeps what
 * would be left of the folder after a power cut.
 */
final class FaultyDisk {

  private final FaultyFileSystem fileSystem;
  private final DurableTree tree;
  private final List<DiskCall> calls = new ArrayList<>();
  private Fault fault = Fault.IO_ERROR;
  private int place = -1;
  private boolean struck;
  private DiskCall failed = DiskCall.STAT;
  private int number;
  private int othersPlace = -1;
  private Other other = () -> {};

  /** Another process that uses the real folder. */
  interface Other {

    void act() throws IOException;
  }

  /**
   * Takes over a folder; everything in it is on the device.
   *
   * @param folder a real folder
   */
  FaultyDisk(Path folder) throws IOException {
    this.tree = new DurableTree(folder.toRealPath());
    this.fileSystem = new FaultyFileSystem(this, folder.getFileSystem());
  }

  /** Lets a fault happen at a call, counted from 0 over all of them. */
  FaultyDisk failing(Fault kind, int call) {
    fault = kind;
    place = call;
    return this;
  }

  /** Lets another process act just before a call, counted from 0 over all of them. */
  FaultyDisk before(int call, Other process) {
    othersPlace = call;
    other = process;
    return this;
  }

  Path folder() {
    return fileSystem.wrap(tree.folder());
  }

  DurableTree tree() {
    return tree;
  }

  /** Every call so far, in order. */
  synchronized List<DiskCall> calls() {
    return List.copyOf(calls);
  }

  /** The call that failed first. */
  DiskCall failed() {
    return failed;
  }

  /** Whether the fault has happened. */
  synchronized boolean hasStruck() {
    return struck;
  }

  /** Returns whether a permanent fault, such as a power cut, has struck. */
  private boolean lasts(DiskCall call) {
    return struck && fault.lasts() && (fault == Fault.POWER_CUT || fault.hits(call));
  }

  /** Counts a call and fails if it is its turn. */
  synchronized void enter(DiskCall call, Path file) throws IOException {
    letOtherAct();
    if (isDue(call)) {
      throw fault.error(call, file);
    }
  }

  /**
   * Counts a write.
   *
   * @return how many of the bytes are to be written; after fewer the fault follows, if it is an
   *     error
   */
  synchronized int enterWrite(Path file, int bytes) throws IOException {
    letOtherAct();
    boolean wasStruck = struck;
    if (!isDue(DiskCall.WRITE)) {
      return bytes;
    }
    boolean partly =
        fault == Fault.SHORT_WRITE
            || fault == Fault.PARTLY_NO_SPACE
            || fault == Fault.PARTLY_IO_ERROR;
    if (!wasStruck && partly && bytes > 1) {
      return bytes / 2;
    }
    if (fault == Fault.SHORT_WRITE) {
      return bytes;
    }
    throw fault.error(DiskCall.WRITE, file);
  }

  /** Fails what was written in part. */
  synchronized void afterPart(Path file) throws IOException {
    if (fault != Fault.SHORT_WRITE) {
      throw fault.error(DiskCall.WRITE, file);
    }
  }

  private void letOtherAct() throws IOException {
    if (number == othersPlace) {
      other.act();
    }
  }

  private boolean isDue(DiskCall call) {
    // The calls of several threads come in another order each time.
    boolean strikes = !struck && place >= 0 && number >= place && fault.hits(call);
    struck |= strikes;
    if (strikes) {
      failed = call;
    }
    boolean due = strikes || lasts(call);
    calls.add(call);
    number++;
    return due;
  }
}
