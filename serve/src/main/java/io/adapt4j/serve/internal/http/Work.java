package io.adapt4j.serve.internal.http;

import java.util.function.Supplier;

/** Surroundings in which parts of an answer are computed. */
public interface Work {

  /** No surroundings. */
  Work PLAIN =
      new Work() {
        @Override
        public <T> T run(Supplier<T> work) {
          return work.get();
        }
      };

  /** Runs work on this thread. */
  <T> T run(Supplier<T> work);
}
