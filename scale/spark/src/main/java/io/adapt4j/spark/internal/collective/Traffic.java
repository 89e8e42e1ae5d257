package io.adapt4j.spark.internal.collective;

import java.nio.ByteBuffer;

/** Data sent to or received from one worker in one operation. */
interface Traffic {

  ByteBuffer[] NOTHING = {};

  /** No data. */
  Traffic NONE =
      new Traffic() {

        @Override
        public ByteBuffer[] next() {
          return NOTHING;
        }

        @Override
        public void moved() {}

        @Override
        public boolean isDone() {
          return true;
        }
      };

  /** Returns the memory to send from or fill next; empty while waiting, or when done. */
  ByteBuffer[] next();

  /** Called after some or all of the memory was sent or filled. */
  void moved();

  boolean isDone();

  /** Returns traffic that sends memory unchanged. */
  static Traffic of(ByteBuffer... memory) {
    return new Traffic() {

      private int first;

      @Override
      public ByteBuffer[] next() {
        return isDone() ? NOTHING : memory;
      }

      @Override
      public void moved() {}

      @Override
      public boolean isDone() {
        while (first < memory.length && !memory[first].hasRemaining()) {
          first++;
        }
        return first == memory.length;
      }
    };
  }
}
