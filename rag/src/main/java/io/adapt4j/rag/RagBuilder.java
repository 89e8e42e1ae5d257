package io.adapt4j.rag;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.internal.Texts;
import io.adapt4j.core.text.TextGenerator;
import io.adapt4j.rag.answer.AnswerOptions;
import io.adapt4j.rag.answer.TokenBudget;
import io.adapt4j.rag.embed.MiniLm;
import io.adapt4j.rag.index.LuceneIndex;
import io.adapt4j.rag.internal.trace.MicrometerMeters;
import io.adapt4j.rag.retrieve.RetrievalOptions;
import io.adapt4j.rag.spi.SearchIndex;
import io.adapt4j.rag.spi.TextEmbeddings;
import io.adapt4j.rag.split.Splitter;
import io.adapt4j.rag.trace.TraceListener;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Builder of a {@link Rag}. Only the index is required. */
public final class RagBuilder {

  private @Nullable SearchIndex index;
  private @Nullable Path folder;
  private @Nullable TextEmbeddings embeddings;
  private @Nullable Splitter splitter;
  private RetrievalOptions retrieval = RetrievalOptions.defaults();
  private Optional<TextGenerator> generator = Optional.empty();
  private Optional<TokenBudget> budget = Optional.empty();
  private AnswerOptions answering = AnswerOptions.defaults();
  private final List<TraceListener> listeners = new ArrayList<>();

  RagBuilder() {}

  /**
   * Keeps the index in a folder, opened or created by {@link LuceneIndex} with its defaults and
   * closed with the Rag. It records the embeddings and rejects others.
   *
   * @param value the folder
   */
  public RagBuilder index(Path value) {
    folder = Objects.requireNonNull(value, "index");
    index = null;
    return this;
  }

  /**
   * Uses an index that the application opened.
   *
   * @param value the index, built with the same embeddings; closed by the caller
   */
  public RagBuilder index(SearchIndex value) {
    index = Objects.requireNonNull(value, "index");
    folder = null;
    return this;
  }

  /**
   * Sets the embeddings; {@link MiniLm} by default.
   *
   * @param value the embeddings, closed by the caller
   */
  public RagBuilder embeddings(TextEmbeddings value) {
    embeddings = Objects.requireNonNull(value, "embeddings");
    return this;
  }

  /**
   * Sets the splitter. By default, chunks have {@value Splitter#DEFAULT_MAX_TOKENS} tokens, or the
   * embeddings' limit if lower, counted by the embeddings' tokenizer if known, else by {@link
   * io.adapt4j.rag.split.TokenCounter#words}.
   *
   * @param value the splitter
   */
  public RagBuilder splitter(Splitter value) {
    splitter = Objects.requireNonNull(value, "splitter");
    return this;
  }

  /**
   * Sets the retrieval options; {@link RetrievalOptions#defaults} by default.
   *
   * @param value the options
   */
  public RagBuilder retrieval(RetrievalOptions value) {
    retrieval = Objects.requireNonNull(value, "retrieval");
    return this;
  }

  /**
   * Sets a local model as generator, with the token budget of its context and tokenizer.
   *
   * @param model the model, closed by the caller
   */
  public RagBuilder generator(LanguageModel model) {
    Texts.require("model", model);
    return generator(model.asGenerator(), TokenBudget.of(model));
  }

  /**
   * Sets the generator, such as a server, with a default budget: prompt and answer take at most
   * {@value TokenBudget#DEFAULT_CONTEXT} tokens, by a conservative estimate.
   *
   * @param value the generator
   */
  public RagBuilder generator(TextGenerator value) {
    Texts.require("value", value);
    return generator(value, TokenBudget.estimated(TokenBudget.DEFAULT_CONTEXT));
  }

  /**
   * Sets the generator.
   *
   * @param tokens its token budget
   */
  public RagBuilder generator(TextGenerator value, TokenBudget tokens) {
    Texts.require("value", value);
    Texts.require("tokens", tokens);
    generator = Optional.of(value);
    budget = Optional.of(tokens);
    return this;
  }

  /** Sets the answer options; {@link AnswerOptions#defaults} by default. */
  public RagBuilder answering(AnswerOptions value) {
    answering = Objects.requireNonNull(value, "answering");
    return this;
  }

  /**
   * Adds a listener that receives the trace of every answer.
   *
   * @param value the listener
   */
  public RagBuilder listener(TraceListener value) {
    listeners.add(Objects.requireNonNull(value, "listener"));
    return this;
  }

  /**
   * Records metrics of answers in a Micrometer registry. Needs the optional dependency {@code
   * io.micrometer:micrometer-core}.
   *
   * <table>
   * <caption>Meters; each has the tags given here</caption>
   * <tr><th>name, after {@code adapt4j.rag.}</th><th>kind</th><th>what</th></tr>
   * <tr><td>{@code answer}</td><td>timer</td><td>whole answers; the tag {@code answerable} is
   *     {@code true} or {@code false}</td></tr>
   * <tr><td>{@code stage}</td><td>timer</td><td>stages; the tag {@code stage} names them</td></tr>
   * <tr><td>{@code prompt.tokens, new.tokens}</td><td>counters, tokens</td><td>read and written by
   *     the generator, where it counts them</td></tr>
   * </table>
   *
   * @param registry the registry
   * @param tags alternating keys and values, such as {@code "corpus", "handbook"}
   * @throws IllegalArgumentException if a key has no value
   */
  public RagBuilder meters(MeterRegistry registry, String... tags) {
    return listener(MicrometerMeters.of(registry, tags));
  }

  /**
   * Builds the Rag, loading and opening its parts.
   *
   * @return the Rag, closed by the caller
   * @throws IllegalStateException if no index is set, the index has other embeddings or is open
   *     elsewhere, or MiniLM is needed but not on the class path
   * @throws IllegalArgumentException if the generator's context has no room for instructions, a
   *     question, the longest answer and the beginning of a source
   * @throws IOException if MiniLM cannot be written to its cache
   */
  public Rag build() throws IOException {
    if (index == null && folder == null) {
      throw new IllegalStateException("index must be set");
    }
    Deque<Runnable> owned = new ArrayDeque<>();
    try {
      TextEmbeddings vectors = embeddings;
      if (vectors == null) {
        vectors = MiniLm.load();
        owned.addFirst(vectors::close);
      }
      SearchIndex searched = index;
      if (searched == null) {
        searched = open(vectors);
        owned.addFirst(searched::close);
      }
      Rag rag = new Rag(parts(searched, vectors, List.copyOf(owned)));
      rag.requireRoom();
      return rag;
    } catch (RuntimeException | IOException e) {
      owned.forEach(Runnable::run);
      throw e;
    }
  }

  private SearchIndex open(TextEmbeddings vectors) {
    return LuceneIndex.builder(Objects.requireNonNull(folder, "folder"))
        .embeddings(vectors.identity(), vectors.dimension())
        .open();
  }

  private RagParts parts(SearchIndex searched, TextEmbeddings vectors, List<Runnable> owned) {
    return new RagParts(
        searched,
        vectors,
        splitterFor(vectors)::split,
        retrieval,
        generator,
        budget.orElseGet(() -> TokenBudget.estimated(TokenBudget.DEFAULT_CONTEXT)),
        answering,
        List.copyOf(listeners),
        owned);
  }

  private Splitter splitterFor(TextEmbeddings vectors) {
    if (splitter != null) {
      return splitter;
    }
    if (vectors.maxTokens().isPresent()) {
      int limit = Math.min(Splitter.DEFAULT_MAX_TOKENS, vectors.maxTokens().getAsInt());
      return Splitter.builder().counter(vectors::countTokens).maxTokens(limit).build();
    }
    return Splitter.standard();
  }
}
