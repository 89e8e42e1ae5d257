package io.adapt4j.core.data;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.data.quality.DataChecker;
import io.adapt4j.core.internal.Shuffle;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SplitTest {

  private static Dataset rows(int count) {
    return Datasets.of(
        IntStream.range(0, count).mapToObj(i -> new Example.Text("row " + i)).toList());
  }

  private static List<Example> contents(Dataset dataset) {
    List<Example> contents = new ArrayList<>();
    for (int row = 0; row < dataset.size(); row++) {
      contents.add(dataset.get(row));
    }
    return contents;
  }

  @Test
  void partsAreDisjointAndTogetherWhole() {
    for (int size = 3; size < 120; size += 13) {
      Dataset all = rows(size);
      Split split = all.split(0.8, 0.1, 0.1, size);
      List<Example> together = contents(split.train());
      together.addAll(contents(split.validation()));
      together.addAll(contents(split.test()));
      assertThat(together).containsExactlyInAnyOrderElementsOf(contents(all));
      assertThat(split.validation().size()).isEqualTo(Math.max(1, Math.round(size * 0.1f)));
    }
  }

  @Test
  void theSeedAloneDecides() {
    Dataset all = rows(50);
    List<Example> first = contents(all.split(0.8, 0.2, 0, 5).validation());
    assertThat(contents(all.split(0.8, 0.2, 0, 5).validation())).isEqualTo(first);
    assertThat(contents(all.split(0.8, 0.2, 0, 6).validation())).isNotEqualTo(first);
  }

  @Test
  void aPartMayBeEmptyButTrain() {
    Split split = rows(4).split(1, 0, 0, 1);
    assertThat(split.train().size()).isEqualTo(4);
    assertThat(split.validation().size()).isZero();
    refuses(IllegalArgumentException.class, () -> rows(4).split(0, 0.5, 0.5, 1));
    assertThatThrownBy(() -> rows(4).split(0.8, 0.1, 0.2, 1))
        .hasMessageContaining("0.8 + 0.1 + 0.2");
    assertThatThrownBy(() -> rows(4).split(1.5, -0.5, 0, 1)).hasMessageContaining("train");
    refuses(DatasetException.class, () -> rows(2).split(0.8, 0.1, 0.1, 1), "2 rows are too few");
  }

  @Test
  void theTestPartMayBeLeftOut() {
    Split split = rows(20).split(0.9, 0.1, 7);
    assertThat(split.train().size()).isEqualTo(18);
    assertThat(contents(split.validation()))
        .isEqualTo(contents(rows(20).split(0.9, 0.1, 0, 7).validation()));
    assertThat(split.test().size()).isZero();
    assertThat(split.test().origin().description()).isEmpty();
    assertThat(new Split(rows(3), rows(1)).test().size()).isZero();
    assertThat(new Split(rows(3), null, null).validation().size()).isZero();
    assertThat(Splitter.of(rows(20)).fractions(0.9, 0.1).split().test().size()).isZero();
    assertThat(DataChecker.of(new Split(rows(3), rows(1))).check().rows()).isEqualTo(3);
    refuses(NullPointerException.class, () -> new Split(null, rows(1)), "train");
    assertThatThrownBy(() -> rows(1).split(0.9, 0.1, 1))
        .hasMessageContaining("too few to give train and validation at least one each");
    assertThatThrownBy(() -> rows(9).split(0.8, 0.1, 1)).hasMessageContaining("0.8 + 0.1 + 0.0");
  }

  @Test
  void noRowsAreNoDataset() {
    assertThatThrownBy(() -> Datasets.of(List.of()))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("Datasets.of(rows)")
        .hasMessageContaining("found an empty list")
        .hasMessageContaining("new Split(train, validation)");
  }

  @Test
  void viewsTakeRowsInTheOrderGiven() {
    Dataset all = rows(5);
    assertThat(contents(all.take(2))).isEqualTo(contents(all.subset(0, 1)));
    assertThat(all.take(9).size()).isEqualTo(5);
    assertThat(all.subset(4, 0, 4).get(2)).isEqualTo(all.get(4));
    assertThatThrownBy(() -> all.subset(5)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> Datasets.of(List.of())).isInstanceOf(DatasetException.class);
  }

  @Test
  void permutationsStayAsTheyAre() {
    assertThat(Shuffle.permutation(8, 42)).containsExactly(PERMUTATION_OF_8_BY_42);
  }

  /** From a separate SplitMix64 in Python. */
  private static final int[] PERMUTATION_OF_8_BY_42 = {3, 1, 6, 2, 4, 0, 7, 5};
}
