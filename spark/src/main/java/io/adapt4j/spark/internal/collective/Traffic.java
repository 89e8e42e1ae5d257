package io.adapt4j.spark.internal.collective;

import java.nio.ByteBuffer;

/** What goes to or comes from one worker in one operation. */
interface Traffic {

  ByteBuffer[] NOTHING = {};

  /** Nothing at all. */
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

  /** The memory to send from or to fill next; empty while that has to wait, or when done. */
  ByteBuffer[] next();

  /** Takes note that some or all of the memory was sent or filled. */
  void moved();

  boolean isDone();

  /** Memory that is sent as it is. */
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
