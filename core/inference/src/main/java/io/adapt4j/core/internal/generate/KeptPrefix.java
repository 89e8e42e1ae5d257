package io.adapt4j.core.internal.generate;

import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.cache.KvCache;

/**
 * Keys, values and states of the first tokens of a text.
 *
 * @param read number of tokens of the text, on which some rotations depend
 * @param isByMarks whether they were processed up to {@linkplain Reading marks}
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record KeptPrefix(int[] ids, int read, boolean isByMarks, KvCache cache, Checkpoints checkpoints)
    implements AutoCloseable {

  /** Returns the memory of a prefix with some saved states. */
  static long bytes(Decoder decoder, long tokens, long states) {
    return decoder.cacheBytes(1, tokens, decoder.type())
        + states * decoder.cacheBytes(1, 0, decoder.type());
  }

  @Override
  public void close() {
    cache.close();
    checkpoints.close();
  }
}
