package io.adapt4j.rag.index;

import java.util.logging.Level;
import java.util.logging.Logger;

/** Keeps back what Lucene prints at each start and nobody can act upon. */
final class LuceneLogging {

  /** The first JDK whose vector instructions this Lucene does not know, of which it warns. */
  private static final int UNKNOWN_VECTORS = 23;

  // Held, since the log manager forgets loggers that nobody uses, and their levels with them.
  private static final Logger MAPPED =
      Logger.getLogger("org.apache.lucene.store.MemorySegmentIndexInputProvider");
  private static final Logger VECTORS =
      Logger.getLogger("org.apache.lucene.internal.vectorization.VectorizationProvider");

  private LuceneLogging() {}

  /** Raises levels that the application has not set. To be called before Lucene is used. */
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
