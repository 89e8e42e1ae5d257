package io.adapt4j.rag.tune;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.LinkedHashMultimap;
import com.google.common.collect.SetMultimap;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.Shuffle;
import io.adapt4j.rag.answer.AnswerOptions;
import io.adapt4j.rag.answer.TokenBudget;
import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.internal.answer.GroundedRows;
import io.adapt4j.rag.internal.answer.GroundedRows.Grounded;
import io.adapt4j.rag.retrieve.Passage;
import io.adapt4j.rag.retrieve.RetrievalOptions;
import io.adapt4j.rag.retrieve.Retriever;
import io.adapt4j.rag.spi.Fusion;
import io.adapt4j.rag.spi.SearchIndex;
import io.adapt4j.rag.spi.SearchQuery;
import io.adapt4j.rag.spi.TextEmbeddings;
import io.adapt4j.rag.tune.RaftRows.Kind;
import io.adapt4j.rag.tune.RaftRows.Rejection;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Retrieval-augmented fine-tuning (RAFT, Zhang et al. 2024): makes training rows of an index, from
 * which a model learns to answer from the passages that it is shown, to cite them, and to say when
 * they have no answer.
 *
 * <p>A row is the conversation that a {@link io.adapt4j.rag.Rag} with the same options would have:
 * its prompt with the gold passage among distractors, in random order, and the answer with the
 * number of its source. Distractors are what the index finds for the question, without the gold
 * passages of that question, passages that overlap them or have the same text, and passages that
 * contain the answer. Rows whose gold passage is left out, and questions that the documents do not
 * answer, have {@link AnswerOptions#notFound} as the answer, since no source supports another.
 *
 * <p>The same index, questions and settings give the same rows. Not thread-safe.
 */
public final class Raft {

  /** Default number of distractors. */
  public static final int DEFAULT_DISTRACTORS = 4;

  /** Default share of answerable questions whose gold passage is left out. */
  public static final double DEFAULT_WITHOUT_GOLD = 0.2;

  private static final int CANDIDATES = 30;

  private final SearchIndex index;
  private final TextEmbeddings embeddings;
  private RetrievalOptions retrieval = RetrievalOptions.defaults();
  private AnswerOptions answering = AnswerOptions.defaults();
  private TokenBudget budget = TokenBudget.estimated(TokenBudget.DEFAULT_CONTEXT);
  private int distractors = DEFAULT_DISTRACTORS;
  private double withoutGold = DEFAULT_WITHOUT_GOLD;
  private long seed;

  private Raft(SearchIndex index, TextEmbeddings embeddings) {
    this.index = Objects.requireNonNull(index, "index");
    this.embeddings = Objects.requireNonNull(embeddings, "embeddings");
  }

  /**
   * Starts from an index.
   *
   * @param index the index, closed by the caller
   * @param embeddings the embeddings it was built with, closed by the caller
   * @return settings with the defaults
   */
  public static Raft in(SearchIndex index, TextEmbeddings embeddings) {
    return new Raft(index, embeddings);
  }

  /**
   * Sets the retrieval options of the Rag that the model is trained for; defaults otherwise.
   *
   * @param value the options
   */
  public Raft retrieval(RetrievalOptions value) {
    retrieval = Objects.requireNonNull(value, "retrieval");
    return this;
  }

  /** Sets the answer options of that Rag; defaults otherwise. */
  public Raft answering(AnswerOptions value) {
    answering = Objects.requireNonNull(value, "answering");
    return this;
  }

  /**
   * Sets the token budget of the generator; by default {@value TokenBudget#DEFAULT_CONTEXT} tokens,
   * by a conservative estimate.
   *
   * @param value the budget
   */
  public Raft budget(TokenBudget value) {
    budget = Objects.requireNonNull(value, "budget");
    return this;
  }

  /**
   * Sets the token budget to that of a local model.
   *
   * @param model the model to train, open as long as rows are made
   */
  public Raft budget(LanguageModel model) {
    return budget(TokenBudget.of(model));
  }

  /**
   * Sets the number of distractors; {@value #DEFAULT_DISTRACTORS} by default. Without the gold
   * passage, another takes its place.
   *
   * @param count at least 0
   * @throws IllegalArgumentException if it is below 0
   */
  public Raft distractors(int count) {
    if (count < 0) {
      throw new IllegalArgumentException("distractors must be at least 0, found " + count);
    }
    distractors = count;
    return this;
  }

  /**
   * Sets the share of answerable questions whose gold passage is left out; {@value
   * #DEFAULT_WITHOUT_GOLD} by default.
   *
   * @param share from 0 to 1
   * @throws IllegalArgumentException if it is out of range
   */
  public Raft withoutGold(double share) {
    if (!(share >= 0 && share <= 1)) {
      throw new IllegalArgumentException(
          "withoutGold: expected a share from 0 to 1, found " + share);
    }
    withoutGold = share;
    return this;
  }

  /**
   * Sets the seed of order and choice; 0 by default.
   *
   * @param value the seed
   */
  public Raft seed(long value) {
    seed = value;
    return this;
  }

  /**
   * Returns the chunks of the index as texts, to write questions about.
   *
   * @return the chunks by document, each with the fields {@value RaftQuestion#DOCUMENT} and {@value
   *     RaftQuestion#PASSAGE}
   * @throws DatasetException if the index is empty
   */
  public Dataset passages() {
    List<Chunk> chunks = new ArrayList<>();
    for (String document : new TreeSet<>(index.contentHashes().keySet())) {
      index.chunks(document, 0, Integer.MAX_VALUE).stream()
          .filter(chunk -> !chunk.text().isBlank())
          .forEach(chunks::add);
    }
    return Datasets.of(chunks.stream().map(chunk -> new Example.Text(chunk.searchText())).toList())
        .withField(RaftQuestion.DOCUMENT, chunks.stream().map(Chunk::documentId).toList())
        .withField(RaftQuestion.PASSAGE, chunks.stream().map(Chunk::text).toList());
  }

  /**
   * Makes the rows.
   *
   * @param questions the questions; rows have their order
   * @return at least one row
   * @throws DatasetException if no question gave a row
   */
  public RaftRows rows(List<RaftQuestion> questions) {
    return new Run().rows(List.copyOf(questions));
  }

  /** Returns a text as lower-case words between spaces. */
  private static String words(String text) {
    String letters = text.toLowerCase(Locale.ROOT).replaceAll("[^\\p{L}\\p{N}]+", " ").strip();
    return letters.isEmpty() ? "" : " " + letters + " ";
  }

  /** Row before it is part of a dataset. */
  private record Made(RaftQuestion question, Kind kind, String gold, Grounded row) {}

  /** Rows in the making. */
  private final class Run {

    private final Retriever retriever = Retriever.of(index, embeddings, retrieval);
    private final GroundedRows prompts = new GroundedRows(budget, answering);
    private final Map<Kind, Integer> kinds = new EnumMap<>(Kind.class);
    private final Map<Rejection, Integer> rejected = new EnumMap<>(Rejection.class);
    private final List<Made> made = new ArrayList<>();

    RaftRows rows(List<RaftQuestion> questions) {
      List<Optional<Passage>> golds = questions.stream().map(this::gold).toList();
      SetMultimap<String, Passage> ofQuestion = LinkedHashMultimap.create();
      List<Integer> answerable = new ArrayList<>();
      for (int i = 0; i < golds.size(); i++) {
        if (golds.get(i).isPresent()) {
          ofQuestion.put(words(questions.get(i).question()), golds.get(i).get());
          answerable.add(i);
        }
      }
      Set<Integer> left = leftOut(answerable);
      for (int i = 0; i < golds.size(); i++) {
        RaftQuestion question = questions.get(i);
        if (golds.get(i).isEmpty() && !question.answer().isBlank()) {
          rejected.merge(Rejection.GOLD_NOT_FOUND, 1, Integer::sum);
        } else {
          Set<Passage> known = ofQuestion.get(words(question.question()));
          add(question, golds.get(i), known, left.contains(i), seed + i);
        }
      }
      if (made.isEmpty()) {
        throw new DatasetException("RAFT: no question gave a row; rejected: " + rejected + ".");
      }
      return new RaftRows(dataset(), kinds, rejected, provenance(questions));
    }

    private Set<Integer> leftOut(List<Integer> answerable) {
      int[] order = Shuffle.permutation(answerable.size(), seed);
      Set<Integer> left = new HashSet<>();
      for (int i = 0; i < Math.round(withoutGold * order.length); i++) {
        left.add(answerable.get(order[i]));
      }
      return left;
    }

    private void add(
        RaftQuestion question,
        Optional<Passage> gold,
        Set<Passage> golds,
        boolean isLeftOut,
        long order) {
      boolean shown = gold.isPresent() && !isLeftOut;
      List<Passage> passages = distractors(question, golds, shown ? distractors : distractors + 1);
      if (shown) {
        passages.add(gold.get());
      }
      if (passages.isEmpty()) {
        rejected.merge(Rejection.NO_DISTRACTOR, 1, Integer::sum);
        return;
      }
      List<Passage> shuffled = new ArrayList<>();
      for (int at : Shuffle.permutation(passages.size(), order)) {
        shuffled.add(passages.get(at));
      }
      Optional<Grounded> row =
          shown
              ? prompts.answered(question.question(), shuffled, gold.get(), question.answer())
              : prompts.refused(question.question(), shuffled);
      if (row.isEmpty() || !prompts.isSound(row.get())) {
        Rejection reason = row.isEmpty() ? Rejection.NO_ROOM : Rejection.FAILS_CHECKS;
        rejected.merge(reason, 1, Integer::sum);
        return;
      }
      Kind kind = gold.isEmpty() ? Kind.NOT_IN_DOCUMENTS : Kind.WITHOUT_GOLD;
      kinds.merge(shown ? Kind.GOLD : kind, 1, Integer::sum);
      String id = gold.map(passage -> passage.chunk().id()).orElse("");
      made.add(new Made(question, shown ? Kind.GOLD : kind, id, row.get()));
    }

    /** Returns what the index finds for a question and must not answer it, hardest first. */
    private List<Passage> distractors(RaftQuestion question, Set<Passage> golds, int count) {
      List<Passage> pool = new ArrayList<>(retriever.retrieve(question.question()).passages());
      pool.addAll(retriever.candidates(question.question()));
      String answer = words(question.answer());
      String passage = words(question.passage());
      List<Passage> chosen = new ArrayList<>();
      for (Passage found : pool) {
        String text = words(found.text());
        boolean answers =
            !question.answer().isBlank()
                && ((!answer.isEmpty() && text.contains(answer))
                    || (!passage.isEmpty() && text.contains(passage)));
        if (chosen.size() < count
            && !text.isEmpty()
            && !answers
            && golds.stream().noneMatch(gold -> isSame(gold, found))
            && chosen.stream().noneMatch(earlier -> isSame(earlier, found))) {
          chosen.add(found);
        }
      }
      return chosen;
    }

    /** Returns whether passages overlap in their document, or one has the text of the other. */
    private boolean isSame(Passage a, Passage b) {
      boolean overlap =
          a.documentId().equals(b.documentId())
              && a.span().start() < b.span().end()
              && b.span().start() < a.span().end();
      return overlap
          || words(a.text()).contains(words(b.text()))
          || words(b.text()).contains(words(a.text()));
    }

    /** Returns the passage of the chunk that an answer rests on. */
    private Optional<Passage> gold(RaftQuestion question) {
      String answer = words(question.answer());
      String sought = question.passage().isBlank() ? answer : words(question.passage());
      if (question.answer().isBlank() || sought.isEmpty()) {
        return Optional.empty();
      }
      List<Chunk> holding =
          chunks(question).stream().filter(chunk -> holds(chunk, sought)).toList();
      return holding.stream()
          .filter(chunk -> words(chunk.text()).contains(answer))
          .findFirst()
          .or(() -> holding.stream().findFirst())
          .flatMap(retriever::read);
    }

    private boolean holds(Chunk chunk, String sought) {
      String text = words(chunk.text());
      return !text.isEmpty() && (text.contains(sought) || sought.contains(text));
    }

    private List<Chunk> chunks(RaftQuestion question) {
      if (!question.document().isBlank()) {
        return index.chunks(question.document(), 0, Integer.MAX_VALUE);
      }
      String text = question.passage().isBlank() ? question.question() : question.passage();
      SearchQuery query =
          new SearchQuery(
              text,
              Optional.of(embeddings.query(text)),
              CANDIDATES,
              Optional.empty(),
              Fusion.standard());
      return index.search(query).stream().map(hit -> hit.chunk()).toList();
    }

    private Dataset dataset() {
      return Datasets.of(made.stream().map(row -> new Example.Chat(row.row().messages())).toList())
          .withField("question", made.stream().map(row -> row.question().question()).toList())
          .withField("kind", made.stream().map(row -> row.kind().name()).toList())
          .withField("document", made.stream().map(row -> document(row.gold())).toList())
          .withField("gold", made.stream().map(Made::gold).toList())
          .withField("sources", made.stream().map(row -> ids(row.row())).toList());
    }

    private static String document(String chunk) {
      return chunk.substring(0, Math.max(0, chunk.lastIndexOf('#')));
    }

    private static List<String> ids(Grounded row) {
      return row.sources().stream().map(passage -> passage.chunk().id()).toList();
    }

    private String provenance(List<RaftQuestion> questions) {
      ObjectNode json = JsonNodeFactory.instance.objectNode();
      json.put("index", embeddings.identity()).put("questions", questions.size());
      MessageDigest digest = FileDigest.sha256();
      questions.forEach(row -> digest.update(row.toString().getBytes(StandardCharsets.UTF_8)));
      json.put("questionsSha256", HexFormat.of().formatHex(digest.digest()));
      json.put("distractors", distractors).put("withoutGold", withoutGold).put("seed", seed);
      json.put("contextTokens", budget.contextTokens());
      json.put("maxNewTokens", answering.generation().maxNewTokens());
      json.put("notFound", answering.notFound()).put("instructions", answering.instructions());
      json.put("systemMessage", answering.systemMessage());
      kinds.forEach((kind, count) -> json.withObject("/kinds").put(kind.name(), count));
      rejected.forEach((why, count) -> json.withObject("/rejected").put(why.name(), count));
      Map<String, String> hashes = new TreeMap<>(index.contentHashes());
      Set<String> used = new HashSet<>();
      made.forEach(row -> row.row().sources().forEach(source -> used.add(source.documentId())));
      hashes.keySet().retainAll(used);
      ObjectNode documents = json.putObject("documents");
      hashes.forEach(documents::put);
      return Json.indented(json);
    }
  }
}
