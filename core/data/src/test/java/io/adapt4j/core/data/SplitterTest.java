package io.adapt4j.core.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SplitterTest {

  private static Dataset labelled(int rows, int labels, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    return Datasets.of(
        IntStream.range(0, rows)
            .mapToObj(
                i -> {
                  // Small numbers are more likely, so that classes differ in size.
                  int label = random.nextInt(random.nextInt(labels) + 1);
                  return new Example.Classified("row " + i, "label" + label);
                })
            .toList());
  }

  private static String label(Example example) {
    return ((Example.Classified) example).labels().get(0);
  }

  private static Map<String, Integer> counts(Dataset dataset) {
    Map<String, Integer> counts = new HashMap<>();
    for (Example example : DatasetReaderTest.contents(dataset)) {
      counts.merge(label(example), 1, Integer::sum);
    }
    return counts;
  }

  private static void assertIsPartition(Dataset all, Split split) {
    List<Example> together = new ArrayList<>(DatasetReaderTest.contents(split.train()));
    together.addAll(DatasetReaderTest.contents(split.validation()));
    together.addAll(DatasetReaderTest.contents(split.test()));
    assertThat(together).containsExactlyInAnyOrderElementsOf(DatasetReaderTest.contents(all));
  }

  @Property(tries = 100)
  void stratifiedPartsHaveEachLabelInProportion(
      @ForAll @IntRange(min = 40, max = 400) int rows,
      @ForAll @IntRange(min = 1, max = 12) int labels,
      @ForAll long seed) {
    Dataset all = labelled(rows, labels, seed);
    Split split = Splitter.of(all).seed(seed).stratifyByLabel().split();
    assertIsPartition(all, split);
    Map<String, Integer> train = counts(split.train());
    Map<String, Integer> validation = counts(split.validation());
    Map<String, Integer> test = counts(split.test());
    counts(all)
        .forEach(
            (label, count) -> {
              assertThat((double) validation.getOrDefault(label, 0))
                  .isCloseTo(count * 0.1, within(1.0));
              assertThat((double) test.getOrDefault(label, 0)).isCloseTo(count * 0.1, within(1.0));
              assertThat(train.getOrDefault(label, 0)).isPositive();
            });
  }

  @Property(tries = 100)
  void groupsStayInOnePart(
      @ForAll @IntRange(min = 60, max = 400) int rows,
      @ForAll @IntRange(min = 30, max = 60) int groups,
      @ForAll long seed) {
    Dataset all = labelled(rows, groups, seed);
    Split split;
    try {
      split = Splitter.of(all).seed(seed).groupBy(SplitterTest::label).split();
    } catch (DatasetException e) {
      // Where the groups are too large for a part, saying so is right.
      assertThat(e).hasMessageContaining("expected at least one each");
      return;
    }
    assertIsPartition(all, split);
    Set<String> seen = new HashSet<>();
    for (Dataset part : List.of(split.train(), split.validation(), split.test())) {
      assertThat(counts(part).keySet()).noneMatch(seen::contains);
      seen.addAll(counts(part).keySet());
    }
    assertThat(split.validation().size()).isLessThanOrEqualTo(Math.round(rows * 0.1f));
    assertThat(split.test().size()).isLessThanOrEqualTo(Math.round(rows * 0.1f));
  }

  @Test
  void smallGroupsFillThePartsToTheirFractions() {
    Dataset all =
        Datasets.of(
            IntStream.range(0, 1000)
                .mapToObj(i -> new Example.Classified("row " + i, "g" + i / 4))
                .toList());
    Split split = Splitter.of(all).seed(3).groupBy(SplitterTest::label).split();
    assertThat(split.train().size()).isBetween(800, 810);
    assertThat(split.validation().size()).isBetween(95, 100);
    assertThat(split.test().size()).isBetween(95, 100);
  }

  @Test
  void theSeedAloneDecides() {
    Dataset all = labelled(200, 5, 1);
    for (int way = 0; way < 2; way++) {
      List<List<Example>> parts = new ArrayList<>();
      for (long seed : new long[] {7, 7, 8}) {
        Splitter splitter = Splitter.of(all).seed(seed);
        Split split =
            way == 0
                ? splitter.stratifyByLabel().split()
                : splitter.groupBy(example -> example.toString()).split();
        parts.add(DatasetReaderTest.contents(split.test()));
      }
      assertThat(parts.get(0)).isEqualTo(parts.get(1)).isNotEqualTo(parts.get(2));
    }
  }

  @Test
  void byTimeTestsOnTheNewestRows(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("rows.jsonl");
    Files.writeString(
        file,
        """
        {"text":"c","at":"2024-03-01T10:00:00Z","n":30,"id":"x"}
        {"text":"a","at":"2024-01-31","n":-5.5,"id":"x"}
        {"text":"d","at":"2024-03-01T13:00:00+02:00","n":31,"id":"y"}
        {"text":"b","at":"2024-02-01 09:00:00","n":0.25,"id":"z"}
        """);
    Dataset rows = Datasets.read(file).open();
    for (String field : List.of("at", "n")) {
      Split split = Splitter.of(rows).fractions(0.5, 0.25, 0.25).byTime(field).split();
      assertThat(DatasetReaderTest.contents(split.train()))
          .containsExactly(new Example.Text("a"), new Example.Text("b"));
      assertThat(split.validation().get(0)).isEqualTo(new Example.Text("c"));
      assertThat(split.test().get(0)).isEqualTo(new Example.Text("d"));
    }
    assertThatThrownBy(() -> Splitter.of(rows).byTime("text").split())
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("line 1: field 'text': expected a date or time");
    assertThatThrownBy(() -> Splitter.of(rows).groupBy("key").split())
        .hasMessageContaining("expected field 'key', found [text, at, n, id]");
    assertThat(Splitter.of(rows).fractions(0.5, 0.5, 0).groupBy("id").split().train().size())
        .isBetween(2, 3);
  }

  @Test
  void refusesTwoWaysAtOnce() {
    assertThatThrownBy(() -> Splitter.of(labelled(9, 2, 1)).stratifyByLabel().byTime("t"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("already stratified");
    assertThatThrownBy(
            () ->
                Splitter.of(Datasets.of(List.of(new Example.Text("t")))).stratifyByLabel().split())
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("expected a text with a label, found a Text");
  }

  @Test
  void thePartsAre80And10And10PercentUnlessStated() {
    Split split = labelled(100, 2, 1).split(5);
    assertThat(split.train().size()).isEqualTo(80);
    assertThat(split.validation().size()).isEqualTo(10);
    assertThat(Splitter.of(labelled(100, 2, 1)).split().test().size()).isEqualTo(10);
  }

  @Property(tries = 50)
  void answersToOnePromptStayInOnePart(
      @ForAll @IntRange(min = 40, max = 120) int rows, @ForAll long seed) {
    Dataset all =
        Datasets.of(
            IntStream.range(0, rows)
                .mapToObj(
                    i ->
                        i % 2 == 0
                            ? new Example.Preference("prompt " + i / 4, "a" + i, "b" + i)
                            : new Example.UnpairedPreference("prompt " + i / 4, "c" + i, true))
                .toList());
    Split split = Splitter.of(all).seed(seed).groupByPrompt().split();
    assertIsPartition(all, split);
    Set<String> trained = prompts(split.train());
    assertThat(trained).doesNotContainAnyElementsOf(prompts(split.validation()));
    assertThat(trained).doesNotContainAnyElementsOf(prompts(split.test()));
  }

  private static Set<String> prompts(Dataset dataset) {
    Set<String> prompts = new HashSet<>();
    for (Example example : DatasetReaderTest.contents(dataset)) {
      prompts.add(
          example instanceof Example.Preference pair
              ? pair.prompt()
              : ((Example.UnpairedPreference) example).prompt());
    }
    return prompts;
  }

  @Test
  void rowsWithoutAPromptCannotBeGroupedByIt() {
    Splitter splitter = Splitter.of(labelled(40, 2, 1)).groupByPrompt();
    assertThatThrownBy(splitter::split).hasMessageContaining("expected an example with a prompt");
  }
}
