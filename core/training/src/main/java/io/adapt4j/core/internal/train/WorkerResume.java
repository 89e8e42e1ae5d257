package io.adapt4j.core.internal.train;

import java.nio.ByteBuffer;

/**
 * Message of the leading worker about the state it resumes from.
 *
 * @param step the step of the state; -1 if the run starts from the beginning
 * @param savedAt the step of the last checkpoint; -1 if there is none
 */
record WorkerResume(int step, int savedAt, boolean hasBest) {

  /** The run starts from the beginning. */
  static final WorkerResume NOTHING = new WorkerResume(-1, -1, false);

  void tell(WorkerGroup group) {
    if (group.size() > 1) {
      ByteBuffer told = ByteBuffer.allocate(2 * Integer.BYTES + 1);
      told.putInt(step).putInt(savedAt).put((byte) (hasBest ? 1 : 0));
      group.exchange(told.array());
    }
  }

  static WorkerResume hear(WorkerGroup group) {
    ByteBuffer told = ByteBuffer.wrap(group.exchange(new byte[0]).get(0));
    return new WorkerResume(told.getInt(), told.getInt(), told.get() == 1);
  }
}
