package io.adapt4j.rag.retrieve;

import io.adapt4j.core.internal.Texts;
import io.adapt4j.core.text.GeneratorException;
import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.internal.trace.StageRecorder;
import io.adapt4j.rag.retrieve.QueryExpansion.SearchText;
import io.adapt4j.rag.spi.Filter;
import io.adapt4j.rag.spi.Hit;
import io.adapt4j.rag.spi.Reranker;
import io.adapt4j.rag.spi.SearchIndex;
import io.adapt4j.rag.spi.TextEmbeddings;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds passages for a question in a fixed order of stages, all optional except the search:
 *
 * <ol>
 *   <li>{@code expand}: the question is expanded into several searches.
 *   <li>{@code search}: each search runs by words, vector or both; results are merged by reciprocal
 *       rank fusion.
 *   <li>{@code subject}: retrieval stops if the question is clearly unrelated to the documents.
 *   <li>{@code rerank}: the reranker scores the candidates, and the minimum score is applied.
 *   <li>{@code threshold}: the minimum similarity is applied.
 *   <li>{@code diversify}: candidates are reordered by maximal marginal relevance.
 *   <li>{@code read}: chunks are expanded to passages with neighbors and parents, overlapping
 *       passages of a document are merged, and the first {@code limit} are returned.
 * </ol>
 *
 * <p>A failed expansion is logged and skipped. Thread-safe.
 */
public final class Retriever {

  private static final Logger LOG = LoggerFactory.getLogger(Retriever.class);

  private final TextEmbeddings embeddings;
  private final RetrievalOptions options;
  private final Search search;
  private final PassageReader reader;
  private final SearchIndex index;
  private final OffSubject offSubject;

  private Retriever(SearchIndex index, TextEmbeddings embeddings, RetrievalOptions options) {
    this.embeddings = Objects.requireNonNull(embeddings, "embeddings");
    this.options = Objects.requireNonNull(options, "options");
    this.search = new Search(Objects.requireNonNull(index, "index"), embeddings, options);
    this.reader = new PassageReader(index, options);
    this.index = index;
    this.offSubject = new OffSubject(index, embeddings, options);
  }

  /**
   * Creates a retriever.
   *
   * @param index the index, closed by the caller
   * @param embeddings the embeddings it was built with, closed by the caller
   * @param options the options
   * @return the retriever
   */
  public static Retriever of(
      SearchIndex index, TextEmbeddings embeddings, RetrievalOptions options) {
    return new Retriever(index, embeddings, options);
  }

  /**
   * Finds passages.
   *
   * @param question the question
   * @return the relevant passages; none if nothing is relevant enough
   * @throws IllegalArgumentException if the question is blank
   */
  public Retrieval retrieve(String question) {
    Texts.require("question", question);
    return retrieve(question, Optional.empty());
  }

  /**
   * Finds passages in some of the documents.
   *
   * @param filter condition on documents, in addition to that of the options
   * @return the relevant passages; none if nothing is relevant enough
   * @throws IllegalArgumentException if the question is blank
   */
  public Retrieval retrieve(String question, Optional<Filter> filter) {
    Texts.require("question", question);
    Texts.require("filter", filter);
    if (question.isBlank()) {
      throw new IllegalArgumentException("question: expected a text, found a blank one");
    }
    StageRecorder stages = new StageRecorder();
    List<SearchText> searches = expand(question, stages);
    Similarities similarities = new Similarities(index, embeddings, question);
    List<Hit> hits = stages.hits("search", () -> search.run(searches, filter, similarities));
    if (options.refusesOffSubject() && !hits.isEmpty()) {
      hits = onSubject(question, hits, similarities, stages);
    }
    if (options.reranker().isPresent()) {
      List<Hit> found = hits;
      hits = stages.hits("rerank", () -> rerank(options.reranker().get(), question, found));
    }
    if (options.minimumSimilarity().isPresent()) {
      double least = options.minimumSimilarity().getAsDouble();
      List<Hit> found = hits;
      hits = stages.hits("threshold", () -> similarities.atLeast(least, needed(), found));
    }
    if (options.diversity().isPresent()) {
      double relevance = options.diversity().getAsDouble();
      List<Hit> found = hits;
      hits = stages.hits("diversify", () -> similarities.diverse(relevance, found));
    }
    List<Hit> ranked = hits;
    List<Passage> passages =
        stages.run("read", () -> reader.read(ranked), all -> all.size() + " passages");
    return new Retrieval(question, passages, stages.stages());
  }

  /**
   * Finds everything that the search of a question returns, without thresholds, reranking and the
   * limit of passages.
   *
   * @param question the question
   * @return the candidates, best first, each read on its own, so that passages may overlap
   * @throws IllegalArgumentException if the question is blank
   */
  public List<Passage> candidates(String question) {
    if (Texts.require("question", question).isBlank()) {
      throw new IllegalArgumentException("question: expected a text, found a blank one");
    }
    Similarities similarities = new Similarities(index, embeddings, question);
    return search
        .run(expand(question, new StageRecorder()), Optional.empty(), similarities)
        .stream()
        .flatMap(hit -> reader.read(List.of(hit)).stream())
        .toList();
  }

  /**
   * Reads a chunk as a question that finds it would, with its neighbors or parent.
   *
   * @param chunk a chunk of the index
   * @return its passage; empty if the index no longer has its document
   */
  public Optional<Passage> read(Chunk chunk) {
    Texts.require("chunk", chunk);
    return index
        .document(chunk.documentId())
        .map(found -> new Hit(chunk, 0, found.title(), found.metadata()))
        .flatMap(hit -> reader.read(List.of(hit)).stream().findFirst());
  }

  private List<Hit> onSubject(
      String question, List<Hit> hits, Similarities similarities, StageRecorder stages) {
    Optional<SubjectScore> score =
        similarities.nearest(hits).isPresent() ? offSubject.score() : Optional.empty();
    if (score.isEmpty()) {
      return hits;
    }
    double best = score.get().of(question, hits, similarities).orElseThrow();
    double bound = score.get().bound();
    boolean near = best >= bound || Identifiers.standIn(question, hits);
    return stages.hits(
        "subject",
        () -> near ? hits : List.of(),
        () ->
            String.format(
                Locale.ROOT,
                "best score by vector and words %.3f, off the subject below %.3f",
                best,
                bound));
  }

  /**
   * Returns the number of candidates to read: more than the limit, as overlapping passages are
   * merged.
   */
  private int needed() {
    return options.diversity().isPresent() ? options.candidates() : 2 * options.limit();
  }

  private List<SearchText> expand(String question, StageRecorder stages) {
    Supplier<List<SearchText>> expansion = () -> expanded(question);
    return options.isExpanded() ? stages.run("expand", expansion, List::toString) : expansion.get();
  }

  private List<SearchText> expanded(String question) {
    try {
      return options.expansion().searches(question);
    } catch (GeneratorException e) {
      LOG.warn("The question is searched for as it is, since its expansion failed", e);
      return List.of(SearchText.of(question));
    }
  }

  private List<Hit> rerank(Reranker reranker, String question, List<Hit> hits) {
    double[] scores =
        reranker.scores(question, hits.stream().map(hit -> hit.chunk().searchText()).toList());
    List<Hit> ranked = new ArrayList<>();
    for (int i = 0; i < scores.length; i++) {
      if (scores[i] >= options.minimumScore().orElse(Double.NEGATIVE_INFINITY)) {
        ranked.add(hits.get(i).withScore(scores[i]));
      }
    }
    ranked.sort(Comparator.comparingDouble(Hit::score).reversed());
    return ranked;
  }
}
