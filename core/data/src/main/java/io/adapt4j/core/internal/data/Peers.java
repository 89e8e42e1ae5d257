package io.adapt4j.core.internal.data;

import java.util.List;

/**
 * Group of processes that work on the same data, as seen by one of them. All call the same methods
 * in the same order.
 */
public interface Peers {

  /** A single process. */
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

  /** {@return the rank of this process, from 0} */
  int rank();

  /** {@return the number of processes} */
  int size();

  /** Gathers the bytes of all processes at every process (all-gather). */
  List<byte[]> exchange(byte[] own);
}
