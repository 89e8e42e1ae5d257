package io.adapt4j.core.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class BalanceTest {

  private static Dataset rows(int... sizes) {
    List<Example> rows = new ArrayList<>();
    for (int label = 0; label < sizes.length; label++) {
      for (int i = 0; i < sizes[label]; i++) {
        rows.add(new Example.Classified(label + " " + i, "label" + label));
      }
    }
    return Datasets.of(rows);
  }

  private static Map<Example, Integer> counts(Dataset dataset) {
    Map<Example, Integer> counts = new HashMap<>();
    DatasetReaderTest.contents(dataset).forEach(row -> counts.merge(row, 1, Integer::sum));
    return counts;
  }

  private static int labelCount(Dataset dataset, String label) {
    return (int)
        DatasetReaderTest.contents(dataset).stream()
            .filter(row -> ((Example.Classified) row).labels().contains(label))
            .count();
  }

  @Test
  void oversamplingRepeatsEveryRowOfAClassEvenly() {
    Dataset balanced = Balance.byLabel(rows(10, 3)).oversample(1);
    assertThat(labelCount(balanced, "label0")).isEqualTo(10);
    assertThat(labelCount(balanced, "label1")).isEqualTo(10);
    assertThat(counts(balanced)).hasSize(13);
    assertThat(counts(balanced).values()).allMatch(count -> count >= 1 && count <= 4);
  }

  @Test
  void undersamplingKeepsDifferentRows() {
    Dataset balanced = Balance.byLabel(rows(10, 3)).undersample(1);
    assertThat(labelCount(balanced, "label0")).isEqualTo(3);
    assertThat(labelCount(balanced, "label1")).isEqualTo(3);
    assertThat(counts(balanced)).hasSize(6);
  }

  @Test
  void weightsMakeClassesCountAlike() {
    Dataset weighted = Balance.byLabel(rows(10, 2)).weights();
    assertThat(weighted.weight(0)).isEqualTo(0.6, within(1e-12));
    assertThat(weighted.weight(11)).isEqualTo(3.0, within(1e-12));
    assertThat(weighted.subset(11, 0).weight(0)).isEqualTo(3.0, within(1e-12));
    assertThat(rows(1).weight(0)).isEqualTo(1);
    assertThatThrownBy(() -> rows(2).weighted(1, 0)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aMixtureHasEachSetInItsShareAndRepeatsSmallOnes() {
    Dataset mixed = Datasets.mix().add(rows(90), 1).add(rows(0, 10), 3).seed(4).build();
    assertThat(mixed.size()).isEqualTo(100);
    assertThat(labelCount(mixed, "label0")).isEqualTo(25);
    assertThat(labelCount(mixed, "label1")).isEqualTo(75);
    // Each of the ten comes seven or eight times, those of the large set once.
    assertThat(counts(mixed).values()).allMatch(count -> count == 1 || count == 7 || count == 8);
    assertThat(DatasetReaderTest.contents(mixed))
        .isEqualTo(
            DatasetReaderTest.contents(
                Datasets.mix().add(rows(90), 1).add(rows(0, 10), 3).seed(4).build()))
        .isNotEqualTo(
            DatasetReaderTest.contents(
                Datasets.mix().add(rows(90), 1).add(rows(0, 10), 3).seed(5).build()));
    assertThat(Datasets.mix().add(rows(5), 1).rows(12).build().size()).isEqualTo(12);
  }

  @Test
  void aConcatenationKeepsOrderAndPlaces() {
    Dataset all = Datasets.concat(List.of(rows(2), rows(0, 1)));
    assertThat(all.get(2)).isEqualTo(new Example.Classified("1 0", "label1"));
    assertThat(all.locate(2)).isEqualTo("examples row 0");
  }
}
