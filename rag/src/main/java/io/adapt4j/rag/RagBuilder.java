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

/** Collects what a {@link Rag} is made of. Only the index must be set. */
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
   * Keeps the index in a folder, opened or made by {@link LuceneIndex} with its defaults and closed
   * with the Rag. It records the embeddings and is refused to others.
   *
   * @param value the folder
   * @return this
   */
  public RagBuilder index(Path value) {
    folder = Objects.requireNonNull(value, "index");
    index = null;
    return this;
  }

  /**
   * Uses an index that the application opened.
   *
   * @param value the index, closed by the caller; what it was filled with must be of these
   *     embeddings
   * @return this
   */
  public RagBuilder index(SearchIndex value) {
    index = Objects.requireNonNull(value, "index");
    folder = null;
    return this;
  }

  /**
   * Sets what turns texts into vectors; {@link MiniLm} unless it is set.
   *
   * @param value the embeddings, closed by the caller
   * @return this
   */
  public RagBuilder embeddings(TextEmbeddings value) {
    embeddings = Objects.requireNonNull(value, "embeddings");
    return this;
  }

  /**
   * Sets what cuts documents into chunks. Unless it is set, chunks have {@value
   * Splitter#DEFAULT_MAX_TOKENS} tokens or as many as the embeddings read if that is fewer, counted
   * by the embeddings' own tokenizer where they know it, else as {@link
   * io.adapt4j.rag.split.TokenCounter#words} does.
   *
   * @param value the splitter
   * @return this
   */
  public RagBuilder splitter(Splitter value) {
    splitter = Objects.requireNonNull(value, "splitter");
    return this;
  }

  /**
   * Sets how passages are found; {@link RetrievalOptions#defaults} unless it is set.
   *
   * @param value the options
   * @return this
   */
  public RagBuilder retrieval(RetrievalOptions value) {
    retrieval = Objects.requireNonNull(value, "retrieval");
    return this;
  }

  /**
   * Lets a model in this process write the answers, within its context as its tokenizer counts.
   *
   * @param model the model, closed by the caller
   * @return this
   */
  public RagBuilder generator(LanguageModel model) {
    Texts.require("model", model);
    return generator(model.asGenerator(), TokenBudget.of(model));
  }

  /**
   * Lets anything write the answers, such as a server, of which nothing else is known: prompt and
   * answer take at most {@value TokenBudget#DEFAULT_CONTEXT} tokens, by a cautious estimate.
   *
   * @param value the generator
   * @return this
   */
  public RagBuilder generator(TextGenerator value) {
    Texts.require("value", value);
    return generator(value, TokenBudget.estimated(TokenBudget.DEFAULT_CONTEXT));
  }

  /**
   * Lets anything write the answers.
   *
   * @param value the generator
   * @param tokens how much it reads at once
   * @return this
   */
  public RagBuilder generator(TextGenerator value, TokenBudget tokens) {
    Texts.require("value", value);
    Texts.require("tokens", tokens);
    generator = Optional.of(value);
    budget = Optional.of(tokens);
    return this;
  }

  /**
   * Sets how answers are written; {@link AnswerOptions#defaults} unless it is set.
   *
   * @param value the options
   * @return this
   */
  public RagBuilder answering(AnswerOptions value) {
    answering = Objects.requireNonNull(value, "answering");
    return this;
  }

  /**
   * Adds a listener that gets the trace of every answer.
   *
   * @param value the listener
   * @return this
   */
  public RagBuilder listener(TraceListener value) {
    listeners.add(Objects.requireNonNull(value, "listener"));
    return this;
  }

  /**
   * Keeps meters of answers in a registry of Micrometer. Needs the optional dependency {@code
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
   * @param registry where they are kept
   * @param tags keys and values in turn, such as {@code "corpus", "handbook"}
   * @return this
   * @throws IllegalArgumentException if a key has no value
   */
  public RagBuilder meters(MeterRegistry registry, String... tags) {
    return listener(MicrometerMeters.of(registry, tags));
  }

  /**
   * Loads and opens what is needed.
   *
   * @return the Rag, closed by the caller
   * @throws IllegalStateException if no index is set, the index is of other embeddings or open
   *     elsewhere, or MiniLM is needed and not on the class path
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
