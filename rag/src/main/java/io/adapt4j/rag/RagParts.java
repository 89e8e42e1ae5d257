package io.adapt4j.rag;

import io.adapt4j.core.text.TextGenerator;
import io.adapt4j.rag.answer.AnswerOptions;
import io.adapt4j.rag.answer.TokenBudget;
import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.retrieve.RetrievalOptions;
import io.adapt4j.rag.spi.SearchIndex;
import io.adapt4j.rag.spi.TextEmbeddings;
import io.adapt4j.rag.trace.TraceListener;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Components of a {@link Rag}; {@code owned} are closed with it, in order. */
record RagParts(
    SearchIndex index,
    TextEmbeddings embeddings,
    Function<Document, List<Chunk>> splitter,
    RetrievalOptions retrieval,
    Optional<TextGenerator> generator,
    TokenBudget budget,
    AnswerOptions answering,
    List<TraceListener> listeners,
    List<Runnable> owned) {

  void close() {
    RuntimeException failure = null;
    for (Runnable runnable : owned) {
      try {
        runnable.run();
      } catch (RuntimeException e) {
        failure = failure == null ? e : failure;
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
