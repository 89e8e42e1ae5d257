package io.adapt4j.rag.index;

import static io.adapt4j.core.Refusals.refuses;
import static io.adapt4j.rag.index.Samples.EAST;
import static io.adapt4j.rag.index.Samples.NORTH;
import static io.adapt4j.rag.index.Samples.UP;
import static io.adapt4j.rag.index.Samples.both;
import static io.adapt4j.rag.index.Samples.entry;
import static io.adapt4j.rag.index.Samples.fused;
import static io.adapt4j.rag.index.Samples.ids;
import static io.adapt4j.rag.index.Samples.limited;
import static io.adapt4j.rag.index.Samples.near;
import static io.adapt4j.rag.index.Samples.where;
import static io.adapt4j.rag.index.Samples.words;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.spi.Filter;
import io.adapt4j.rag.spi.Fusion;
import io.adapt4j.rag.spi.Hit;
import io.adapt4j.rag.spi.SearchIndex;
import io.adapt4j.rag.spi.SearchQuery;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every index does, wherever it keeps things. */
abstract class SearchIndexContract {

  static final String MODEL = "model-a";

  private SearchIndex index;

  /** Opens the same index anew, which a test has closed, or an empty one at first. */
  abstract SearchIndex open(String identity, int dimension);

  @BeforeEach
  void openEmpty() {
    index = open(MODEL, 3);
  }

  @AfterEach
  void close() {
    index.close();
  }

  @Test
  void whatWasAddedIsFoundByItsWordsAndByItsVector() {
    index.putAll(
        List.of(
            entry("a", "The bridge was painted green", EAST),
            entry("b", "Ferries cross the river", NORTH)));
    assertThat(ids(index.search(words("painting bridges")))).containsExactly("a#0");
    assertThat(ids(index.search(near(0.1f, 0.9f, 0)))).containsExactly("b#0", "a#0");
  }

  @Test
  void storedVectorsAreReturnedByChunkAndOnlyThoseThatAreThere() {
    index.putAll(
        List.of(
            entry("a", "one\ntwo\nthree", EAST, NORTH, new float[] {3, 0, 4}),
            entry("b", "gone", EAST),
            entry("c", "other", NORTH)));
    List<Chunk> chunks = new ArrayList<>(index.chunks("a", 0, 2));
    chunks.addAll(index.chunks("b", 0, 0));
    index.delete(List.of("b"));
    index.putAll(List.of(entry("a", "one\ntwo", NORTH, new float[] {3, 0, 4})));
    Map<String, float[]> vectors = index.vectors(chunks);
    assertThat(vectors).containsOnlyKeys("a#0", "a#1");
    assertThat(vectors.get("a#0")).containsExactly(NORTH, within(1e-6f));
    assertThat(vectors.get("a#1")).containsExactly(new float[] {0.6f, 0, 0.8f}, within(1e-6f));
    assertThat(index.vectors(List.of())).isEmpty();
  }

  @Test
  void aHitCarriesTheChunkTheTitleAndTheMetadataAsTheyWereAdded() {
    Map<String, Object> metadata =
        Map.of("s", "text", "flag", true, "whole", 4L, "decimal", 4.0, "large", 1e20);
    SearchIndex.Entry entry = entry("a", "one line\nthe second", metadata, EAST, NORTH);
    index.put(entry.document(), entry.chunks(), entry.vectors());
    Hit hit = index.search(words("second")).get(0);
    assertThat(hit.chunk()).isEqualTo(entry.chunks().get(1));
    assertThat(hit.title()).isEqualTo("Title of a");
    assertThat(hit.metadata()).isEqualTo(metadata);
    assertThat(index.document("a")).contains(entry.document());
  }

  @Test
  void theScoreByVectorIsTheCosine() {
    index.putAll(List.of(entry("a", "x", EAST), entry("b", "y", NORTH)));
    List<Hit> hits = index.search(near(3, 4, 0));
    assertThat(hits.get(0).score()).isCloseTo(0.8, within(1e-6));
    assertThat(hits.get(1).score()).isCloseTo(0.6, within(1e-6));
  }

  @Test
  void aDocumentIsReplacedByItsNextVersion() {
    index.putAll(List.of(entry("a", "old words\nsecond line", EAST, UP)));
    index.putAll(List.of(entry("a", "new words", NORTH)));
    assertThat(index.search(words("old"))).isEmpty();
    assertThat(ids(index.search(words("new")))).containsExactly("a#0");
    assertThat(ids(index.search(near(UP)))).containsExactly("a#0");
    assertThat(index.documentCount()).isEqualTo(1);
    assertThat(index.chunkCount()).isEqualTo(1);
  }

  @Test
  void aDeletedDocumentIsNoLongerFound() {
    index.putAll(List.of(entry("a", "first", EAST), entry("b", "second", NORTH)));
    index.delete(List.of("a", "unknown"));
    assertThat(index.search(words("first"))).isEmpty();
    assertThat(ids(index.search(near(EAST)))).containsExactly("b#0");
    assertThat(index.document("a")).isEmpty();
    assertThat(index.chunks("a", 0, 9)).isEmpty();
    assertThat(index.contentHashes()).containsOnlyKeys("b");
  }

  @Test
  void ofTwoVersionsInOneBatchTheLaterStays() {
    index.putAll(List.of(entry("a", "early", EAST), entry("a", "late", NORTH)));
    assertThat(index.search(words("early"))).isEmpty();
    assertThat(ids(index.search(words("late")))).containsExactly("a#0");
  }

  @Test
  void everythingIsThereAfterReopening() {
    SearchIndex.Entry entry = entry("a", "some words", Map.of("year", 1999L), EAST);
    index.putAll(List.of(entry));
    index.close();
    index = open(MODEL, 3);
    assertThat(index.document("a")).contains(entry.document());
    assertThat(index.contentHashes()).isEqualTo(Map.of("a", entry.contentHash()));
    assertThat(ids(index.search(both("words", EAST)))).containsExactly("a#0");
  }

  @Test
  void hybridPutsFirstWhatBothListsHaveHigh() {
    index.putAll(
        List.of(
            entry("words", "apple pear", new float[] {0, 0.1f, 1}),
            entry("vector", "nothing of the kind", EAST),
            entry("both", "apple apple", new float[] {1, 0.2f, 0})));
    List<Hit> hits = index.search(both("apple", EAST));
    assertThat(ids(hits)).startsWith("both#0").hasSize(3);
    assertThat(hits.get(0).score()).isCloseTo(0.5 / 61 + 0.5 / 62, within(1e-9));
  }

  @Test
  void theWeightOfAFusionMovesTheOrderFromWordsToVectors() {
    index.putAll(List.of(entry("w", "apple", UP), entry("v", "pear", EAST)));
    SearchQuery query = both("apple", EAST);
    assertThat(ids(index.search(fused(query, new Fusion.WeightedScores(0.1)))))
        .containsExactly("w#0", "v#0");
    assertThat(ids(index.search(fused(query, new Fusion.WeightedScores(0.9)))))
        .containsExactly("v#0", "w#0");
    assertThat(ids(index.search(fused(query, new Fusion.ReciprocalRank(60, 0.99)))))
        .containsExactly("v#0", "w#0");
  }

  @Test
  void rareWordsCountMoreThanCommonOnes() {
    index.putAll(
        List.of(
            entry("a", "water water water", EAST),
            entry("b", "water turbine", NORTH),
            entry("c", "water", UP)));
    assertThat(ids(index.search(words("water turbine")))).startsWith("b#0");
  }

  @Test
  void equalScoresAreOrderedByDocumentAndNumberInEverySearch() {
    index.putAll(
        List.of(
            entry("c", "same text\nsame text", EAST, EAST),
            entry("a", "same text", EAST),
            entry("b", "same text", EAST)));
    index.putAll(List.of(entry("a", "same text", EAST)));
    String[] order = {"a#0", "b#0", "c#0", "c#1"};
    assertThat(ids(index.search(words("text")))).containsExactly(order);
    assertThat(ids(index.search(near(EAST)))).containsExactly(order);
    assertThat(ids(index.search(limited(words("text"), 2)))).containsExactly("a#0", "b#0");
  }

  @Test
  void aLimitKeepsTheBest() {
    List<SearchIndex.Entry> many = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      many.add(entry("d" + i, "word", new float[] {1, i, 0}));
    }
    index.putAll(many);
    assertThat(ids(index.search(limited(near(0, 1, 0), 2)))).containsExactly("d29#0", "d28#0");
    assertThat(index.search(limited(words("word"), 7))).hasSize(7);
    assertThat(index.search(limited(words("word"), 1000))).hasSize(30);
    assertThatIllegalArgumentException().isThrownBy(() -> index.search(limited(words("a"), 0)));
  }

  @Test
  void chunksAreReadByTheirNumbersWithTheirNeighbors() {
    SearchIndex.Entry entry = entry("a", "l0\nl1\nl2\nl3", EAST, EAST, EAST, EAST);
    index.putAll(List.of(entry, entry("ab", "other", UP)));
    List<Chunk> chunks = entry.chunks();
    assertThat(index.chunks("a", 1, 2)).isEqualTo(chunks.subList(1, 3));
    assertThat(index.chunks("a", -5, 99)).isEqualTo(chunks);
    assertThat(index.chunks("a", 3, 2)).isEmpty();
    assertThat(index.chunks("nobody", 0, 1)).isEmpty();
  }

  @Test
  void aDocumentWithoutChunksIsKeptButNotFound() {
    index.put(Document.of("empty", ""), List.of(), List.of());
    assertThat(index.documentCount()).isEqualTo(1);
    assertThat(index.chunkCount()).isZero();
    assertThat(index.contentHashes()).containsKey("empty");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "   ", "the of and", "???", "\"", "'", "🙂", "\u0000"})
  void aQuestionWithoutSearchableWordsFindsNothing(String text) {
    index.putAll(List.of(entry("a", "the quick fox", EAST)));
    assertThat(index.search(words(text))).isEmpty();
    assertThat(ids(index.search(both(text, EAST)))).containsExactly("a#0");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "fox AND -(quick",
        "fox:*",
        "\"fox",
        "fox' OR '1'='1",
        "fox & | ! ( ) <-> \\",
        "fox~2^ [a TO",
        "fox '; DROP TABLE chunk; --",
        "fox 🙂 \uD800",
        "field: fox {!x}",
        "fox $1 ? :a %s"
      })
  void nothingInAQuestionIsAnOperator(String text) {
    index.putAll(List.of(entry("a", "the quick fox", EAST), entry("b", "nothing here", UP)));
    assertThat(ids(index.search(words(text)))).containsExactly("a#0");
    assertThat(index.documentCount()).isEqualTo(2);
  }

  @Test
  void aQuestionOfManyThousandWordsIsAnswered() {
    index.putAll(List.of(entry("a", "word7 alone", EAST)));
    String question =
        IntStream.range(0, 5000).mapToObj(i -> "word" + i).collect(Collectors.joining(" "));
    assertThat(ids(index.search(words(question)))).containsExactly("a#0");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"größe/日本語.md", "a b\tc", "it's; DROP TABLE x", "%_\\", "🙂🙂", "a#1", "\"q\""})
  void anyTextIsAnId(String id) {
    SearchIndex.Entry entry = entry(id, "words", EAST);
    index.putAll(List.of(entry));
    assertThat(ids(index.search(words("words")))).containsExactly(id + "#0");
    assertThat(index.document(id)).contains(entry.document());
    index.delete(List.of(id));
    assertThat(index.documentCount()).isZero();
  }

  @Test
  void aVectorOfAnotherLengthNotFiniteOrZeroIsRefusedNamingTheChunk() {
    assertRefused(new float[] {1, 2}, "chunk 'bad#0': expected a vector of 3 entries, found 2");
    assertRefused(new float[] {1, Float.NaN, 0}, "chunk 'bad#0': entry 1 of the vector is NaN");
    assertRefused(new float[] {0, 0, 0}, "chunk 'bad#0': the vector is zero");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> index.search(near(0, 0, 0)))
        .withMessageContaining("query: the vector is zero");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> index.putAll(List.of(entry("bad", "x"))))
        .withMessageContaining("document 'bad': expected 1 vectors");
  }

  private void assertRefused(float[] vector, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> index.putAll(List.of(entry("good", "x", EAST), entry("bad", "x", vector))))
        .withMessageContaining(message);
    assertThat(index.documentCount()).isZero();
  }

  @Test
  void vectorsOfAnotherModelAreRefusedNamingBoth() {
    index.close();
    assertThatIllegalStateException()
        .isThrownBy(() -> open("model-b", 3))
        .withMessageContaining("vectors of 'model-a' with 3 entries")
        .withMessageContaining("vectors of 'model-b' with 3 entries")
        .withMessageContaining("delete it and index the documents again");
    refuses(IllegalStateException.class, () -> open(MODEL, 4), "with 4 entries");
    assertThatNoException().isThrownBy(() -> index = open(MODEL, 3));
  }

  @Test
  void metadataFieldsMayHaveAnyNameAndText() {
    String field = "it's \"$.x\" ?; DROP TABLE document; --";
    String value = "' OR 1=1; -- \\ ? 🙂";
    index.putAll(List.of(entry("a", "word", Map.of(field, value), EAST), entry("b", "word", UP)));
    assertThat(ids(index.search(where(words("word"), new Filter.Equal(field, value)))))
        .containsExactly("a#0");
    assertThat(index.search(where(words("word"), new Filter.Equal(field, value + " ")))).isEmpty();
    assertThat(index.search(where(words("word"), new Filter.Equal("x' OR '1'='1", "1")))).isEmpty();
    assertThat(index.documentCount()).isEqualTo(2);
  }

  @Test
  void manyThreadsAskWhileOneAddsAndDeletes() throws Exception {
    Set<String> deleted = ConcurrentHashMap.newKeySet();
    AtomicBoolean done = new AtomicBoolean();
    ExecutorService pool = Executors.newFixedThreadPool(8);
    List<Future<Integer>> askers = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      askers.add(pool.submit(() -> ask(deleted, done)));
    }
    for (int i = 0; i < 60; i++) {
      index.putAll(List.of(entry("d" + i, "word\nword", EAST, NORTH)));
      if (i >= 10) {
        index.delete(List.of("d" + (i - 10)));
        deleted.add("d" + (i - 10));
      }
    }
    done.set(true);
    pool.shutdown();
    for (Future<Integer> asker : askers) {
      assertThat(asker.get()).as("questions").isPositive();
    }
    assertThat(index.documentCount()).isEqualTo(10);
  }

  private int ask(Set<String> deleted, AtomicBoolean done) throws InterruptedException {
    int questions = 0;
    do {
      Set<String> gone = Set.copyOf(deleted);
      List<Hit> hits = index.search(limited(both("word", EAST), 50));
      assertThat(hits).noneMatch(hit -> gone.contains(hit.chunk().documentId()));
      assertThat(hits.size()).as("documents are there whole").isEven();
      questions++;
      // Many questions fall between two writes; eight threads that never rest only starve the
      // writer.
      Thread.sleep(1);
    } while (!done.get());
    return questions;
  }
}
