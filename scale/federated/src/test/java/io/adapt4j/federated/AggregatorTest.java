package io.adapt4j.federated;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.federated.internal.AdapterWriter;
import io.adapt4j.federated.internal.LowRank;
import io.adapt4j.federated.internal.LowRankSum;
import io.adapt4j.federated.internal.Noise;
import io.adapt4j.federated.internal.StoredAdapter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What each aggregation makes of three sites, against the mean of their updates. */
class AggregatorTest {

  private static final int OUT = 12;
  private static final int IN = 10;
  private static final double SCALE = 2;
  private static final String MODULE = "base_model.model.layers.0.q_proj";
  private static final double[] WEIGHTS = {0.5, 0.3, 0.2};

  @TempDir Path folder;

  private final SplittableRandom random = new SplittableRandom(3);
  private Path common;
  private Path folded;

  private Tensor values(int rows, int columns) {
    float[] values = new float[rows * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (2 * random.nextDouble() - 1);
    }
    return Tensor.of(values, rows, columns);
  }

  private static ObjectNode config() {
    return JsonNodeFactory.instance.objectNode().put("peft_type", "LORA").put("base", "a base");
  }

  private Path adapter(String name, LowRank factors) {
    Path path = folder.resolve(name);
    AdapterWriter writer = new AdapterWriter();
    writer.factors(MODULE, factors, SCALE);
    writer.write(path, config());
    return path;
  }

  private Path adapter(String name, int rank) {
    try (Scope scope = Scope.open()) {
      return adapter(name, LowRank.of(values(OUT, rank), values(rank, IN)));
    }
  }

  /** An adapter with the A of another. */
  private Path sharingA(String name, Path other, int rank) {
    try (Scope scope = Scope.open();
        StoredAdapter from = StoredAdapter.open(other)) {
      return adapter(name, new LowRank(values(OUT, rank), from.factors(MODULE).a()));
    }
  }

  private Path first(Path adapter, int rank) {
    try (Scope scope = Scope.open();
        StoredAdapter from = StoredAdapter.open(adapter)) {
      return adapter(adapter.getFileName() + "-first", from.factors(MODULE).first(rank));
    }
  }

  private Aggregator.Norms aggregate(Aggregation how, List<Path> starts, List<Path> ends) {
    List<StoredAdapter> open = new ArrayList<>();
    StoredAdapter before = StoredAdapter.open(common);
    open.add(before);
    List<Aggregator.Part> parts = new ArrayList<>();
    for (int i = 0; i < ends.size(); i++) {
      StoredAdapter start = StoredAdapter.open(starts.get(i));
      StoredAdapter end = StoredAdapter.open(ends.get(i));
      open.addAll(List.of(start, end));
      parts.add(new Aggregator.Part(start, end, WEIGHTS[i]));
    }
    AdapterWriter writer = new AdapterWriter();
    AdapterWriter fold = new AdapterWriter();
    Aggregator.Norms norms =
        new Aggregator(
                how, before, parts, List.of(1.0, 1.0, 1.0), 0, Noise.of(Optional.of(1L), 1), 7)
            .aggregate(null, writer, fold);
    writer.write(folder.resolve("result"), config());
    folded = folder.resolve("folded");
    if (how.changesBase()) {
      fold.write(folded, config());
    }
    open.forEach(StoredAdapter::close);
    return norms;
  }

  /** How far result and base together are from the mean of the sites' updates. */
  private double error(List<Path> ends, boolean changesBase) {
    LowRankSum difference = new LowRankSum();
    try (Scope scope = Scope.open();
        StoredAdapter result = StoredAdapter.open(folder.resolve("result"))) {
      difference.plus(result.scale(MODULE), result.factors(MODULE));
      if (changesBase) {
        try (StoredAdapter fold = StoredAdapter.open(folded)) {
          difference.plus(fold.scale(MODULE), fold.factors(MODULE));
        }
      }
      for (int i = 0; i < ends.size(); i++) {
        try (StoredAdapter end = StoredAdapter.open(ends.get(i))) {
          difference.plus(-WEIGHTS[i] * end.scale(MODULE), end.factors(MODULE));
        }
      }
      return difference.norm();
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"FREEZE_A", "STACK_MERGE", "RESIDUAL"})
  void exactWaysGiveTheMeanOfTheUpdates(Aggregation how) {
    common = adapter("common", 2);
    List<Path> ends = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      ends.add(
          how == Aggregation.FREEZE_A ? sharingA("end" + i, common, 2) : adapter("end" + i, 2));
    }
    Aggregator.Norms norms = aggregate(how, List.of(common, common, common), ends);

    assertThat(error(ends, how.changesBase())).isLessThan(1e-5);
    assertThat(norms.error()).isLessThan(1e-6);
  }

  @Test
  void stackSvdIsTheMeanWhereTheRankAllowsAndReportsWhatItCutOtherwise() {
    common = adapter("common", 6);
    List<Path> ends =
        List.of(adapter("end0", 2), adapter("end1", 2), adapter("end2", 2)).stream()
            .map(this::padded)
            .toList();
    aggregate(Aggregation.STACK_SVD, List.of(common, common, common), ends);
    assertThat(error(ends, false)).isLessThan(1e-5);

    common = first(common, 2);
    List<Path> cut = ends.stream().map(end -> first(end, 2)).toList();
    Aggregator.Norms norms = aggregate(Aggregation.STACK_SVD, List.of(common, common, common), cut);
    assertThat(norms.error()).isGreaterThan(0.1).isLessThan(norms.factorMeanError());
    assertThat(error(cut, false)).isCloseTo(norms.error(), within(1e-5));
  }

  /** Rank 6, of which the last four are zero. */
  private Path padded(Path adapter) {
    try (Scope scope = Scope.open();
        StoredAdapter from = StoredAdapter.open(adapter)) {
      LowRank factors = from.factors(MODULE);
      return adapter(
          adapter.getFileName() + "-padded", factors.completedBy(LowRank.zeros(factors, 6)));
    }
  }

  @Test
  void naiveIsNotTheMeanAndSaysByHowMuch() {
    common = adapter("common", 2);
    List<Path> ends = List.of(adapter("end0", 2), adapter("end1", 2), adapter("end2", 2));

    Aggregator.Norms norms = aggregate(Aggregation.NAIVE, List.of(common, common, common), ends);

    assertThat(norms.error()).isGreaterThan(0.5).isCloseTo(norms.factorMeanError(), within(1e-9));
    assertThat(error(ends, false)).isCloseTo(norms.error(), within(1e-5));
  }

  @Test
  void newAdaptersOfDifferentRanksAreStacked() {
    common = adapter("common", 2);
    List<Path> ends = List.of(adapter("end0", 1), adapter("end1", 3), adapter("end2", 4));

    aggregate(Aggregation.STACK_MERGE, ends, ends);

    assertThat(error(ends, true)).isLessThan(1e-5);
  }

  /** The site saw the first rank only: what it did not see stays as it was. */
  @ParameterizedTest
  @EnumSource(names = {"RESIDUAL", "STACK_SVD"})
  void siteOfLowerRankChangesOnlyWhatItSaw(Aggregation how) {
    common = adapter("common", 8);
    Path whole = adapter("whole", 8);
    Path start = first(common, 1);
    Path end = adapter("end", 1);
    try (Scope scope = Scope.open();
        StoredAdapter before = StoredAdapter.open(common);
        StoredAdapter after = StoredAdapter.open(end)) {
      Path completed =
          adapter("completed", after.factors(MODULE).completedBy(before.factors(MODULE)));
      Aggregator.Norms norms =
          aggregate(how, List.of(common, start, common), List.of(whole, end, whole));

      assertThat(error(List.of(whole, completed, whole), how.changesBase()))
          .isCloseTo(norms.error(), within(1e-5));
    }
  }
}
