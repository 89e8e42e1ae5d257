package io.adapt4j.core.finetune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.SmallModel;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.train.LearningRateCurve;
import io.adapt4j.core.train.LearningRateCurve.Point;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The learning-rate range test. */
class LearningRateSweepTest {

  @TempDir static Path base;

  @TempDir Path folder;

  @BeforeAll
  static void writeModel() throws IOException {
    SmallModel.write(base);
  }

  @Test
  void theSuggestedRateTrainsAndTheSweepEndsWhereItDiverges() {
    long before = Tensor.live();
    LearningRateCurve curve = tuner().findLearningRate();
    assertThat(Tensor.live()).isEqualTo(before);
    assertThat(curve.diverged()).isTrue();
    assertThat(curve.points()).hasSizeBetween(20, 99);
    double suggestion = curve.suggestion().orElseThrow();
    assertThat(suggestion).isBetween(1e-4, 0.1).isLessThan(curve.atMinimum().orElseThrow());
    FineTuneReport report = tuner().run();
    assertThat(report.lastLoss()).isLessThan(report.firstLoss());
  }

  @Test
  void ratesGrowByAFactorAndTheSameSweepGivesTheSameLosses() {
    LearningRateCurve curve = tuner().findLearningRate(1e-5, 1e-2, 10);
    assertThat(curve.points()).hasSize(10);
    assertThat(curve.points().get(0).rate()).isEqualTo(1e-5);
    assertThat(curve.points().get(3).rate()).isCloseTo(1e-4, within(1e-12));
    assertThat(curve.points().get(9).rate()).isCloseTo(1e-2, within(1e-10));
    assertThat(tuner().findLearningRate(1e-5, 1e-2, 10)).isEqualTo(curve);
  }

  @Test
  void modelAndOutputStayAsTheyWere() throws IOException {
    Map<Path, byte[]> model = contents(base);
    tuner().findLearningRate(1e-6, 1, 10);
    assertThat(folder).isEmptyDirectory();
    Map<Path, byte[]> after = contents(base);
    assertThat(after.keySet()).isEqualTo(model.keySet());
    after.forEach((file, bytes) -> assertThat(bytes).as("%s", file).isEqualTo(model.get(file)));
  }

  @Test
  void steepestAndMinimumAreReadOffTheSmoothedLoss() {
    // Falls fastest between the points 8 and 14, is lowest at 20, and rises then.
    List<Point> points =
        IntStream.range(0, 30)
            .mapToObj(
                i ->
                    new Point(
                        Math.pow(10, -6 + i / 5.0),
                        0,
                        i <= 20 ? 3 - 2 / (1 + Math.exp(11 - i)) : i - 19))
            .toList();
    LearningRateCurve curve = new LearningRateCurve(points, true);
    assertThat(curve.atMinimum()).hasValue(points.get(20).rate());
    assertThat(curve.steepest()).hasValue(points.get(11).rate());
    assertThat(curve.suggestion()).hasValue(points.get(11).rate());
    assertThat(curve.toTable()).startsWith("rate\tloss\tsmoothed").contains("1.000e-06");
  }

  @Test
  void aLossThatOnlyRisesGivesNoSuggestion() {
    List<Point> points =
        IntStream.range(0, 20).mapToObj(i -> new Point(1e-6 * (i + 1), i, i)).toList();
    assertThat(new LearningRateCurve(points, false).suggestion()).isEmpty();
    assertThat(new LearningRateCurve(List.of(), true).suggestion()).isEmpty();
  }

  @Test
  void sweepsOutOfRangeAreRefused() {
    FineTuner tuner = tuner();
    assertThatThrownBy(() -> tuner.findLearningRate(1e-6, 1, 501))
        .hasMessageContaining("steps must be 10 to 500");
    assertThatThrownBy(() -> tuner.findLearningRate(1, 0.1, 100))
        .hasMessageContaining("found 1.0 to 0.1");
  }

  private FineTuner tuner() {
    return FineTuner.builder()
        .model(ModelSource.path(base))
        .dataset(SmallModel.sentences(20))
        .method(FullFineTuning.create())
        .precision(Precision.FP32)
        .epochs(1)
        .batchSize(4)
        .learningRate(1e-2)
        .output(folder.resolve("run"))
        .build();
  }

  private static Map<Path, byte[]> contents(Path root) throws IOException {
    Map<Path, byte[]> contents = new TreeMap<>();
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        contents.put(file, Files.readAllBytes(file));
      }
    }
    return contents;
  }
}
