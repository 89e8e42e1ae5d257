package io.adapt4j.core.internal.method;

/**
 * A copy of an adaptation's values on another network, to sample from while the original trains.
 */
public interface AdaptationCopy extends AutoCloseable {

  /** A copy of an adaptation that trains base parameters only, which the network itself copies. */
  AdaptationCopy NONE =
      new AdaptationCopy() {
        @Override
        public void update() {}

        @Override
        public void close() {}
      };

  /** Takes over the present values of the original. */
  void update();

  /** Detaches the copy from its network. */
  @Override
  void close();
}
