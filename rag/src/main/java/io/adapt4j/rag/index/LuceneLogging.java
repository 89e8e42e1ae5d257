package io.adapt4j.rag.index;

import java.util.logging.Level;
import java.util.logging.Logger;

/** Suppresses Lucene's startup messages that nobody can act upon. */
final class LuceneLogging {

  /** First JDK whose vector API this Lucene does not support, about which it warns. */
  private static final int UNKNOWN_VECTORS = 23;

  // Kept, since the log manager drops unreferenced loggers along with their levels.
  private static final Logger MAPPED =
      Logger.getLogger("org.apache.lucene.store.MemorySegmentIndexInputProvider");
  private static final Logger VECTORS =
      Logger.getLogger("org.apache.lucene.internal.vectorization.VectorizationProvider");

  private LuceneLogging() {}

  /** Raises levels that the application has not set. Call it before Lucene is used. */
  static void quiet() {
    raise(MAPPED, Level.WARNING);
    if (Runtime.version().feature() >= UNKNOWN_VECTORS) {
      raise(VECTORS, Level.SEVERE);
    }
  }

  private static void raise(Logger logger, Level level) {
    if (logger.getLevel() == null) {
      logger.setLevel(level);
    }
  }
}
