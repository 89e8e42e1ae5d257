package io.adapt4j.rag.index;

import static io.adapt4j.core.Refusals.refuses;
import static io.adapt4j.rag.index.Samples.EAST;
import static io.adapt4j.rag.index.Samples.entry;
import static io.adapt4j.rag.index.Samples.ids;
import static io.adapt4j.rag.index.Samples.limited;
import static io.adapt4j.rag.index.Samples.near;
import static io.adapt4j.rag.index.Samples.where;
import static io.adapt4j.rag.index.Samples.words;
import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.rag.spi.Filter;
import io.adapt4j.rag.spi.Filter.And;
import io.adapt4j.rag.spi.Filter.Between;
import io.adapt4j.rag.spi.Filter.Equal;
import io.adapt4j.rag.spi.Filter.In;
import io.adapt4j.rag.spi.Filter.Not;
import io.adapt4j.rag.spi.Filter.Or;
import io.adapt4j.rag.spi.SearchIndex;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/** What every index makes of filters. */
@TestInstance(Lifecycle.PER_CLASS)
abstract class FilterContract {

  private SearchIndex index;

  abstract SearchIndex open(String identity, int dimension);

  @BeforeAll
  void index() {
    index = open("model-a", 3);
    index.putAll(
        List.of(
            with("a", Map.of("lang", "de", "year", 1999L, "rating", 4.5, "draft", true)),
            with("b", Map.of("lang", "en", "year", 2005L, "rating", 4L, "draft", false)),
            with("c", Map.of("lang", "fr", "year", 2010L, "rating", -1.25)),
            with("d", Map.of("lang", "e", "year", "2005")),
            with("e", Map.of("big", Long.MAX_VALUE))));
  }

  @AfterAll
  void close() {
    // There is none where the class is skipped.
    if (index != null) {
      index.close();
    }
  }

  private static SearchIndex.Entry with(String id, Map<String, Object> metadata) {
    return entry(id, "word", metadata, EAST);
  }

  /** By words and by vector alike. */
  private void assertFound(Filter filter, String... documents) {
    List<String> expected = Arrays.stream(documents).map(id -> id + "#0").toList();
    assertThat(ids(index.search(where(words("word"), filter)))).as("words").isEqualTo(expected);
    assertThat(ids(index.search(where(near(EAST), filter)))).as("vector").isEqualTo(expected);
  }

  @Test
  void equalComparesTextsAndTruthValues() {
    assertFound(new Equal("lang", "en"), "b");
    assertFound(new Equal("lang", "EN"));
    assertFound(new Equal("draft", true), "a");
    assertFound(new Equal("draft", false), "b");
    assertFound(new Equal("draft", "true"));
    assertFound(new Equal("absent", "x"));
  }

  @Test
  void equalComparesNumbersByValueAndNotWithTexts() {
    assertFound(new Equal("year", 2005), "b");
    assertFound(new Equal("year", "2005"), "d");
    assertFound(new Equal("rating", 4.5f), "a");
    assertFound(new Equal("rating", 4.0), "b");
    assertFound(new Equal("big", Long.MAX_VALUE), "e");
    assertFound(new Equal("big", 0x1p63));
  }

  @Test
  void inFindsAnyOfItsValues() {
    assertFound(new In("lang", List.of("de", "fr", "xx")), "a", "c");
    assertFound(new In("year", List.of(1999, 2010L)), "a", "c");
    assertFound(new In("rating", List.of(4, 4.5)), "a", "b");
    assertFound(new In("draft", List.of(true, false)), "a", "b");
    assertFound(new In("lang", List.of()));
  }

  @Test
  void inTakesThousandsOfValues() {
    assertFound(new In("year", IntStream.range(0, 2006).boxed().toList()), "a", "b");
    assertFound(
        new In("lang", IntStream.range(0, 3000).mapToObj(i -> i == 7 ? "de" : "x" + i).toList()),
        "a");
  }

  @Test
  void betweenIncludesItsLimitsForWholeNumbersDecimalsAndTexts() {
    assertFound(new Between("year", 1999, 2005L), "a", "b");
    assertFound(new Between("year", 2000, null), "b", "c");
    assertFound(new Between("year", null, 2004.5), "a");
    assertFound(new Between("rating", -1.25, 4.0), "b", "c");
    assertFound(new Between("rating", 4, null), "a", "b");
    assertFound(new Between("rating", 5, 4));
    assertFound(new Between("lang", "e", "fr"), "b", "c", "d");
    assertFound(new Between("lang", null, "e"), "a", "d");
    assertFound(new Between("year", "2", null), "d");
    assertFound(new Between("big", 0x1p62, null), "e");
  }

  @Test
  void andOrNotCombine() {
    assertFound(new And(List.of(new Equal("lang", "en"), new Equal("year", 2005))), "b");
    assertFound(new And(List.of(new Equal("lang", "en"), new Equal("year", 1999))));
    assertFound(new Or(List.of(new Equal("lang", "fr"), new Equal("year", 1999))), "a", "c");
    assertFound(
        new And(
            List.of(
                new Or(List.of(new Equal("lang", "fr"), new Equal("lang", "de"))),
                new Not(new Equal("year", 1999)))),
        "c");
  }

  @Test
  void notFindsDocumentsWithoutTheField() {
    assertFound(new Not(new Equal("draft", true)), "b", "c", "d", "e");
    assertFound(new Not(new Between("year", 0, 3000)), "d", "e");
    assertFound(new Not(new In("lang", List.of("de", "en"))), "c", "d", "e");
    assertFound(new Not(new Not(new Equal("lang", "en"))), "b");
    assertFound(
        new Not(new Or(List.of(new Equal("lang", "en"), new Equal("lang", "de")))), "c", "d", "e");
  }

  @Test
  void filtersHoldInsideTheSearchSoThatTheRareOnesStillFillTheLimit() {
    List<SearchIndex.Entry> many = new ArrayList<>();
    for (int i = 0; i < 600; i++) {
      Map<String, Object> metadata = Map.of("rare", i % 100 == 0);
      many.add(entry("many" + i, "plenty", metadata, new float[] {0, 600 - i, i / 2f}));
    }
    index.putAll(many);
    Filter rare = new Equal("rare", true);
    assertThat(index.search(where(limited(near(0, 1, 0), 6), rare)))
        .hasSize(6)
        .allSatisfy(hit -> assertThat(hit.metadata()).containsEntry("rare", true));
    assertThat(index.search(where(limited(words("plenty"), 6), rare))).hasSize(6);
    index.delete(many.stream().map(entry -> entry.document().id()).toList());
  }

  @Test
  void filtersThatMeanNothingAreRefusedNamingTheField() {
    assertRefused(new And(List.of()), "filter And: expected at least one filter");
    assertRefused(new Or(List.of()), "filter Or: expected at least one filter");
    assertRefused(new Between("year", null, null), "filter on 'year'");
    assertRefused(new Between("draft", true, null), "truth values have no order");
    assertRefused(new Between("year", 1, "2"), "two texts or two numbers");
    assertRefused(new In("year", List.of(1, "2")), "values of one type");
    assertRefused(new Equal("year", Double.NaN), "finite Double, found NaN");
    assertRefused(new Not(new Equal("year", List.of())), "filter on 'year'");
  }

  private void assertRefused(Filter filter, String message) {
    refuses(
        IllegalArgumentException.class, () -> index.search(where(words("word"), filter)), message);
  }
}
