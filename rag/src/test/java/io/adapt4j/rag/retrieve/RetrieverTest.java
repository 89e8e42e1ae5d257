package io.adapt4j.rag.retrieve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.text.GeneratorException;
import io.adapt4j.core.text.TextGenerator;
import io.adapt4j.rag.MemoryIndex;
import io.adapt4j.rag.WordEmbeddings;
import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.document.Span;
import io.adapt4j.rag.internal.embed.Vectors;
import io.adapt4j.rag.spi.Filter;
import io.adapt4j.rag.spi.Reranker;
import io.adapt4j.rag.spi.SearchQuery;
import io.adapt4j.rag.trace.Stage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RetrieverTest {

  private final MemoryIndex index = new MemoryIndex();
  private final WordEmbeddings embeddings = new WordEmbeddings();

  /** A document whose lines are its chunks; parent lines are joined by two. */
  private void add(String id, String customer, String... lines) {
    String text = String.join("\n", lines);
    List<Chunk> chunks = new ArrayList<>();
    int at = 0;
    for (String line : lines) {
      Span span = new Span(at, at + line.length());
      chunks.add(new Chunk(id, chunks.size(), span, span, "", line));
      at += line.length() + 1;
    }
    put(new Document(id, "", text, Map.of("customer", customer)), chunks);
  }

  private void put(Document document, List<Chunk> chunks) {
    index.put(
        document, chunks, embeddings.passages(chunks.stream().map(Chunk::searchText).toList()));
  }

  private Retriever retriever(RetrievalOptions.Builder options) {
    return Retriever.of(index, embeddings, options.build());
  }

  private static List<String> texts(Retrieval retrieval) {
    return retrieval.passages().stream().map(Passage::text).toList();
  }

  private static List<String> stages(Retrieval retrieval) {
    return retrieval.stages().stream().map(Stage::name).toList();
  }

  @Test
  void theDefaultSearchesByWordsAndVectorOnce() {
    add("a", "x", "red shoes", "blue hats");
    Retrieval found = retriever(RetrievalOptions.builder()).retrieve("red shoes");
    assertThat(texts(found)).first().isEqualTo("red shoes");
    assertThat(stages(found)).containsExactly("search", "read");
    SearchQuery query = index.queries.get(0);
    assertThat(query.text()).isEqualTo("red shoes");
    assertThat(query.vector()).isPresent();
    assertThat(query.limit()).isEqualTo(RetrievalOptions.DEFAULT_CANDIDATES);
    assertThat(found.stages().get(0).candidates().keySet()).first().isEqualTo("a#0");
  }

  @Test
  void searchesByOneOfBothLeaveTheOtherOut() {
    add("a", "x", "red shoes");
    retriever(RetrievalOptions.builder().searchBy(SearchBy.WORDS)).retrieve("red");
    retriever(RetrievalOptions.builder().searchBy(SearchBy.VECTOR)).retrieve("red");
    assertThat(index.queries.get(0).vector()).isEmpty();
    assertThat(index.queries.get(1).text()).isEmpty();
  }

  @Test
  void filtersOfOptionsAndQuestionBothHold() {
    add("a", "x", "red shoes");
    add("b", "y", "red shoes");
    Retriever retriever =
        retriever(RetrievalOptions.builder().filter(new Filter.Equal("customer", "x")));
    assertThat(retriever.retrieve("red").passages())
        .extracting(Passage::documentId)
        .containsExactly("a");
    Optional<Filter> other = Optional.of(new Filter.Equal("customer", "y"));
    assertThat(retriever.retrieve("red", other).passages()).isEmpty();
  }

  @Test
  void otherWordingsAreSearchedForAndTheirRanksAdded() {
    add("a", "x", "red shoes", "crimson boots", "green hats");
    TextGenerator generator =
        TextGenerator.of("fixed", question -> "1. crimson boots\n\n- red boots\nmore");
    Retrieval found =
        retriever(RetrievalOptions.builder().expansion(QueryExpansion.multiQuery(generator, 2)))
            .retrieve("red shoes");
    assertThat(index.queries)
        .extracting(SearchQuery::text)
        .containsExactly("red shoes", "crimson boots", "red boots");
    assertThat(stages(found)).startsWith("expand", "search");
    assertThat(found.passages().get(0).score()).isGreaterThan(2 / 62.0).isLessThan(3 / 61.0);
  }

  @Test
  void theVectorOfHydeIsTheMeanOfQuestionAndMadeUpPassage() {
    add("a", "x", "crimson boots");
    TextGenerator generator = TextGenerator.of("fixed", question -> " crimson boots ");
    retriever(RetrievalOptions.builder().expansion(QueryExpansion.hyde(generator)))
        .retrieve("red shoes");
    float[] expected = embeddings.query("red shoes").clone();
    float[] passage = embeddings.query("crimson boots");
    for (int i = 0; i < expected.length; i++) {
      expected[i] += passage[i];
    }
    Vectors.normalize(expected);
    SearchQuery query = index.queries.get(0);
    assertThat(query.text()).isEqualTo("red shoes");
    assertThat(query.vector().orElseThrow()).containsExactly(expected, within(1e-6f));
  }

  @Test
  void anExpansionThatFailsIsLeftOut() {
    add("a", "x", "red shoes");
    TextGenerator broken =
        (messages, options) -> {
          throw new GeneratorException("no server");
        };
    Retrieval found =
        retriever(RetrievalOptions.builder().expansion(QueryExpansion.hyde(broken)))
            .retrieve("red shoes");
    assertThat(texts(found)).containsExactly("red shoes");
  }

  @Test
  void theRerankersOrderAndLeastScoreHold() {
    add("a", "x", "red one", "red two", "red three");
    Reranker byLength =
        (question, passages) -> passages.stream().mapToDouble(String::length).toArray();
    Retrieval all = retriever(RetrievalOptions.builder().reranker(byLength)).retrieve("red");
    assertThat(texts(all)).first().isEqualTo("red three");
    assertThat(all.passages().get(0).score()).isEqualTo(9);
    Retrieval some =
        retriever(RetrievalOptions.builder().reranker(byLength).minimumScore(8)).retrieve("red");
    assertThat(texts(some)).containsExactly("red three");
    Retrieval none =
        retriever(RetrievalOptions.builder().reranker(byLength).minimumScore(10)).retrieve("red");
    assertThat(none.passages()).isEmpty();
    assertThatIllegalStateException()
        .isThrownBy(() -> RetrievalOptions.builder().minimumScore(1).build())
        .withMessageContaining("reranker");
  }

  @Test
  void whatIsTooFarFromTheQuestionIsNotFound() {
    add("a", "x", "red shoes", "red wine and bread and cheese and olives");
    Retriever retriever = retriever(RetrievalOptions.builder().minimumSimilarity(0.9));
    assertThat(texts(retriever.retrieve("red shoes"))).containsExactly("red shoes");
    assertThat(retriever.retrieve("red cars tomorrow").passages()).isEmpty();
  }

  @Test
  void diversityPutsARepetitionBehindSomethingElse() {
    add("a", "x", "red shoes red shoes", "red shoes red shoes.", "red boots");
    assertThat(texts(retriever(RetrievalOptions.builder().limit(2)).retrieve("red shoes")))
        .containsExactly("red shoes red shoes", "red shoes red shoes.");
    assertThat(
            texts(
                retriever(RetrievalOptions.builder().limit(2).diversity(0.4))
                    .retrieve("red shoes")))
        .containsExactly("red shoes red shoes", "red boots");
    assertThat(
            texts(
                retriever(RetrievalOptions.builder().limit(2).diversity(1)).retrieve("red shoes")))
        .containsExactly("red shoes red shoes", "red shoes red shoes.");
  }

  @Test
  void neighborsAreReadWithAChunkAndOverlapsBecomeOne() {
    add("a", "x", "intro", "red shoes", "their price", "blue hats", "end");
    Retriever retriever = retriever(RetrievalOptions.builder().neighbors(1));
    Retrieval retrieval = retriever.retrieve("red shoes");
    assertThat(texts(retrieval)).containsExactly("intro\nred shoes\ntheir price");
    Retrieval two = retriever.retrieve("red shoes blue hats");
    assertThat(texts(two)).containsExactly("intro\nred shoes\ntheir price\nblue hats\nend");
    Passage passage = two.passages().get(0);
    assertThat(passage.span().of(index.document("a").orElseThrow().text()))
        .isEqualTo(passage.text());
  }

  @Test
  void parentsAreReadUnlessChunksAreWanted() {
    String text = "Shoes. They are red. They cost ten.";
    Span parent = new Span(0, text.length());
    Chunk small = new Chunk("a", 0, new Span(7, 20), parent, "", "They are red.");
    Chunk other = new Chunk("a", 1, new Span(21, 35), parent, "", "They cost ten.");
    put(Document.of("a", text), List.of(small, other));
    assertThat(texts(retriever(RetrievalOptions.builder()).retrieve("they are red")))
        .containsExactly(text);
    assertThat(texts(retriever(RetrievalOptions.builder().parents(false)).retrieve("are red")))
        .containsExactly("They are red.");
  }

  @Test
  void aDocumentReplacedMeanwhileIsNotCutWithOldSpans() {
    String text = "Shoes. They are red. They cost ten.";
    Chunk small =
        new Chunk("a", 0, new Span(7, 20), new Span(0, text.length()), "", "They are red.");
    // The index holds a shorter text than the chunk was made of.
    put(Document.of("a", "Nothing here."), List.of(small));
    Retrieval found = retriever(RetrievalOptions.builder()).retrieve("they are red");
    assertThat(texts(found)).containsExactly("They are red.");
  }

  @Test
  void optionsOutOfRangeAreRefused() {
    RetrievalOptions.Builder builder = RetrievalOptions.builder();
    assertThatIllegalArgumentException().isThrownBy(() -> builder.limit(0));
    assertThatIllegalArgumentException().isThrownBy(() -> builder.candidates(0));
    assertThatIllegalArgumentException().isThrownBy(() -> builder.diversity(1.1));
    assertThatIllegalArgumentException().isThrownBy(() -> builder.minimumSimilarity(Double.NaN));
    assertThatIllegalArgumentException().isThrownBy(() -> builder.neighbors(-1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> retriever(RetrievalOptions.builder()).retrieve(" "))
        .withMessageContaining("question");
  }
}
