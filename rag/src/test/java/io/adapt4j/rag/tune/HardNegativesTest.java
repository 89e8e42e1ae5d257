package io.adapt4j.rag.tune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.adapt4j.core.data.Example;
import io.adapt4j.rag.WordEmbeddings;
import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.document.Span;
import io.adapt4j.rag.index.LuceneIndex;
import io.adapt4j.rag.spi.SearchIndex;
import io.adapt4j.rag.spi.TextEmbeddings;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HardNegativesTest {

  private static final String WORMS = "badgers eat worms in the wood";
  private static final String SETTS = "badgers dig setts in the wood at night";
  private static final String FISH = "otters eat fish in the river";

  @TempDir private Path folder;

  private final TextEmbeddings embeddings = new WordEmbeddings();
  @AutoClose private SearchIndex index;

  @BeforeEach
  void fill() {
    index =
        LuceneIndex.builder(folder)
            .embeddings(embeddings.identity(), embeddings.dimension())
            .open();
    for (String text : List.of(WORMS, SETTS, FISH)) {
      Span all = new Span(0, text.length());
      Document document = Document.of(text.substring(0, 9), text);
      Chunk chunk = new Chunk(document.id(), 0, all, all, "", text);
      index.put(document, List.of(chunk), embeddings.passages(List.of(text)));
    }
  }

  private List<String> mined(HardNegatives negatives, Example.QueryPassage... rows) {
    return negatives.mine(List.of(rows)).get(0).negatives();
  }

  @Test
  void whatIsFoundAndIsNoPassageOfTheQueryIsANegativeTheNearestFirst() {
    Example.QueryPassage row = new Example.QueryPassage("what do badgers eat", WORMS);
    HardNegatives negatives = HardNegatives.in(index, embeddings);
    assertThat(mined(negatives.count(2), row)).containsExactlyInAnyOrder(SETTS, FISH);
    assertThat(mined(negatives, row)).hasSize(1);
  }

  @Test
  void whatAnswersTheQueryInAnotherRowIsNone() {
    Example.QueryPassage row = new Example.QueryPassage("what do badgers eat", WORMS);
    Example.QueryPassage other = new Example.QueryPassage("what do badgers eat", SETTS);
    assertThat(mined(HardNegatives.in(index, embeddings).count(2), row, other))
        .containsExactly(FISH);
  }

  @Test
  void aPassageThatIsAPartOfAChunkIsTheSameAnswer() {
    Example.QueryPassage row = new Example.QueryPassage("what do badgers eat", "eat  worms");
    assertThat(mined(HardNegatives.in(index, embeddings).count(3), row)).doesNotContain(WORMS);
  }

  @Test
  void whatIsAlmostAsNearAsThePassageIsLeftOut() {
    Example.QueryPassage row = new Example.QueryPassage("what do badgers eat", SETTS);
    // The better answer is nearer than the row's own passage.
    assertThat(mined(HardNegatives.in(index, embeddings).count(3), row)).doesNotContain(WORMS);
    assertThat(mined(HardNegatives.in(index, embeddings).count(3).share(10), row)).contains(WORMS);
  }

  @Test
  void negativesOfARowStay() {
    Example.QueryPassage row =
        new Example.QueryPassage("what do badgers eat", WORMS, List.of("my own"));
    assertThat(mined(HardNegatives.in(index, embeddings).count(1), row))
        .hasSize(2)
        .startsWith("my own");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> HardNegatives.in(index, embeddings).count(0))
        .withMessageContaining("count must be at least 1, found 0");
  }
}
