package io.adapt4j.core.internal.data;

import java.util.List;

/**
 * Processes that work on the same data, as one of them sees them. All call the same methods in the
 * same order.
 */
public interface Peers {

  /** A process by itself. */
  Peers NONE =
      new Peers() {

        @Override
        public int rank() {
          return 0;
        }

        @Override
        public int size() {
          return 1;
        }

        @Override
        public List<byte[]> exchange(byte[] own) {
          return List.of(own);
        }
      };

  /** {@return the number of this process, from 0} */
  int rank();

  /** {@return how many processes there are} */
  int size();

  /** Tells every process something. */
  List<byte[]> exchange(byte[] own);
}
