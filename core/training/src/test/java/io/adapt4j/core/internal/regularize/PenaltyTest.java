package io.adapt4j.core.internal.regularize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.SmallModel;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.TensorLists;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.internal.train.NextTokens;
import io.adapt4j.core.internal.train.Penalty;
import io.adapt4j.core.internal.train.SmallRun;
import io.adapt4j.core.regularization.Regularization;
import io.adapt4j.core.train.TrainingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What regularizations add to a step's loss and gradients, against their formulas. */
class PenaltyTest {

  private static final Dataset DATA = SmallModel.sentences(4);
  private static final float MOVED = 0.05f;

  @TempDir static Path base;

  @TempDir Path output;

  @AutoClose private SmallRun small;

  @BeforeAll
  static void writeModel() throws IOException {
    SmallModel.write(base);
  }

  @BeforeEach
  void load() {
    small = new SmallRun(base);
  }

  @Test
  void noTermPullsAtTheBase() {
    for (Regularization term :
        List.of(
            Regularization.l2ToBase(3),
            Regularization.ewc(DATA).strength(3),
            Regularization.klToBase(DATA).strength(3))) {
      try (Penalty penalty = Penalties.start(term, small.run(Optional.empty()))) {
        assertThat(penalty.add(0, 0)).isCloseTo(0, within(1e-6));
        assertThat(TensorLists.norm(gradients())).isLessThan(1e-5);
      }
    }
  }

  @Test
  void l2PullsEveryValueByItsDistance() {
    try (Penalty penalty =
        Penalties.start(Regularization.l2ToBase(3), small.run(Optional.empty()))) {
      long values = move();
      assertThat(penalty.add(0, 0)).isCloseTo(1.5 * values * MOVED * MOVED, within(1e-3));
      assertThat(gradient(0)).containsOnly(new float[] {3 * MOVED}, within(1e-5f));
    }
  }

  @Test
  void fisherIsTheMeanSquareOfExamplesGradientsByTargetToken() {
    Iterator<Batch> singles = small.batches(DATA, 1).epoch(0);
    double[] expected = new double[gradient(0).length];
    long targets = 0;
    NextTokens task = new NextTokens(small.decoder);
    while (singles.hasNext()) {
      Batch single = singles.next();
      task.forwardBackward(single, 1, false, 0);
      float[] gradient = gradient(0);
      for (int i = 0; i < expected.length; i++) {
        expected[i] += (double) gradient[i] * gradient[i];
      }
      targets += single.targetTokens();
      TensorLists.zero(gradients());
    }

    List<Tensor> fisher = fisher(DATA);
    float[] found = fisher.get(0).toFloats();
    for (int i = 0; i < expected.length; i++) {
      assertThat((double) found[i]).isCloseTo(expected[i] / targets, within(1e-6));
    }
    assertThat(TensorLists.norm(gradients())).isZero();
    fisher.forEach(Tensor::close);
  }

  @Test
  void fisherDoesNotDependOnHowOftenTheDataAreGiven() {
    List<Tensor> once = fisher(DATA);
    List<Tensor> twice = fisher(DATA.subset(0, 1, 2, 3, 0, 1, 2, 3));
    assertThat(twice.get(0).toFloats()).containsExactly(once.get(0).toFloats(), within(1e-7f));
    once.forEach(Tensor::close);
    twice.forEach(Tensor::close);
  }

  @Test
  void ewcWeighsDistancesByFisher() {
    List<Tensor> fisher = fisher(DATA);
    double sum = 0;
    for (Tensor tensor : fisher) {
      for (float value : tensor.toFloats()) {
        sum += value;
      }
    }
    try (Penalty penalty =
        Penalties.start(Regularization.ewc(DATA).strength(10), small.run(Optional.empty()))) {
      move();
      double expected = 5 * sum * MOVED * MOVED;
      assertThat(penalty.add(0, 0)).isCloseTo(expected, within(1e-4 * expected));
      float[] weights = fisher.get(1).toFloats();
      float[] found = gradient(1);
      for (int i = 0; i < found.length; i++) {
        assertThat(found[i]).isCloseTo(10 * weights[i] * MOVED, within(1e-5f));
      }
    }
    fisher.forEach(Tensor::close);
  }

  @Test
  void fisherIsKeptWithTheRunAndServesOthersOfTheSameBaseOnly() throws IOException {
    Path file = output.resolve("fisher.safetensors");
    double first = penaltyAfterMove(Regularization.ewc(DATA), Optional.of(output));
    byte[] written = Files.readAllBytes(file);
    reload();
    assertThat(penaltyAfterMove(Regularization.ewc(file), Optional.empty())).isEqualTo(first);
    assertThatThrownBy(() -> Penalties.start(Regularization.ewc(file), small.run(Optional.empty())))
        .isInstanceOf(TrainingException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining("another model, method or seed");

    reload();
    Files.setLastModifiedTime(file, FileTime.fromMillis(0));
    penaltyAfterMove(Regularization.ewc(DATA), Optional.of(output));
    assertThat(Files.getLastModifiedTime(file).toMillis()).isZero();

    reload();
    penaltyAfterMove(Regularization.ewc(DATA.take(2)), Optional.of(output));
    assertThat(Files.readAllBytes(file)).isNotEqualTo(written);
  }

  @Test
  void aDamagedFisherFileIsEstimatedAgain() throws IOException {
    Path file = output.resolve("fisher.safetensors");
    Files.writeString(file, "{");
    double found = penaltyAfterMove(Regularization.ewc(DATA), Optional.of(output));
    reload();
    assertThat(penaltyAfterMove(Regularization.ewc(file), Optional.empty())).isEqualTo(found);

    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length - 2] ^= 1;
    Files.write(file, bytes);
    reload();
    assertThatThrownBy(() -> penaltyAfterMove(Regularization.ewc(file), Optional.empty()))
        .isInstanceOf(TrainingException.class)
        .hasMessageContaining("fisher.safetensors")
        .hasMessageContaining("checksum");
    reload();
    assertThat(penaltyAfterMove(Regularization.ewc(DATA), Optional.of(output))).isEqualTo(found);
    assertThat(Files.readAllBytes(file)).isNotEqualTo(bytes);
  }

  @Test
  void klHasTheGradientOfItsValue() {
    try (Penalty penalty =
        Penalties.start(Regularization.klToBase(DATA).strength(2), small.run(Optional.empty()))) {
      SplittableRandom random = new SplittableRandom(3);
      for (Trainable parameter : small.adaptation.trained()) {
        shift(parameter, random.doubles(parameter.value().count(), -1, 1).toArray(), MOVED);
      }
      assertThat(penalty.add(0, 0)).isPositive();
      double norm = TensorLists.norm(gradients());
      List<double[]> directions = new ArrayList<>();
      for (Tensor gradient : gradients()) {
        directions.add(doubles(gradient.toFloats()));
      }
      double step = 0.005 / norm;
      shiftAll(directions, step);
      double above = penalty.add(0, 0);
      shiftAll(directions, -2 * step);
      double below = penalty.add(0, 0);
      assertThat((above - below) / (2 * step)).isCloseTo(norm * norm, within(0.02 * norm * norm));
    }
  }

  @Test
  void klTakesTheNextReplayBatchEachTurnAndRestsInBetween() {
    Regularization term = Regularization.klToBase(SmallModel.sentences(12));
    Regularization third = Regularization.klToBase(SmallModel.sentences(12), 3);
    try (Penalty always = Penalties.start(term, small.run(Optional.empty()));
        Penalty rarely = Penalties.start(third, small.run(Optional.empty()))) {
      move();
      assertThat(rarely.add(1, 0)).isZero();
      assertThat(rarely.add(2, 0)).isZero();
      assertThat(rarely.add(3, 0)).isCloseTo(3 * always.add(1, 0), within(1e-9));
      assertThat(always.add(2, 0)).isNotEqualTo(always.add(1, 0));
    }
  }

  @Test
  void strengthsOutOfRangeAreRefused() {
    assertThatThrownBy(() -> Regularization.l2ToBase(-1))
        .hasMessageContaining("l2ToBase: strength");
    assertThatThrownBy(() -> Regularization.ewc(DATA).strength(Double.NaN))
        .hasMessageContaining("ewc");
    assertThatThrownBy(() -> Regularization.klToBase(DATA, 0)).hasMessageContaining("every");
  }

  @Test
  void noTensorIsLeftBehind() {
    long before = Tensor.live();
    for (Regularization term :
        List.of(
            Regularization.l2ToBase(1),
            Regularization.ewc(DATA),
            Regularization.klToBase(DATA).strength(1))) {
      try (Penalty penalty = Penalties.start(term, small.run(Optional.empty()))) {
        long live = Tensor.live();
        penalty.add(0, 0);
        assertThat(Tensor.live()).isEqualTo(live);
      }
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  private double penaltyAfterMove(Regularization term, Optional<Path> folder) {
    try (Penalty penalty = Penalties.start(term, small.run(folder))) {
      move();
      return penalty.add(0, 0);
    }
  }

  private void reload() {
    small.close();
    small = new SmallRun(base);
  }

  private List<Tensor> fisher(Dataset data) {
    return Fisher.estimate(
        new NextTokens(small.decoder),
        small.batches(data, 1).epoch(0),
        small.adaptation.trained(),
        false);
  }

  /** Moves every value by the same distance, and tells how many there are. */
  private long move() {
    long count = 0;
    for (Trainable parameter : small.adaptation.trained()) {
      float[] values = parameter.value().toFloats();
      for (int i = 0; i < values.length; i++) {
        values[i] += MOVED;
      }
      set(parameter, values);
      count += values.length;
    }
    return count;
  }

  private void shiftAll(List<double[]> directions, double factor) {
    for (int i = 0; i < directions.size(); i++) {
      shift(small.adaptation.trained().get(i), directions.get(i), factor);
    }
  }

  private static void shift(Trainable parameter, double[] direction, double factor) {
    float[] values = parameter.value().toFloats();
    for (int i = 0; i < values.length; i++) {
      values[i] += (float) (factor * direction[i]);
    }
    set(parameter, values);
  }

  private static double[] doubles(float[] values) {
    double[] wide = new double[values.length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = values[i];
    }
    return wide;
  }

  private static void set(Trainable parameter, float[] values) {
    try (Tensor moved = Tensor.of(values, parameter.value().sizes())) {
      parameter.value().copyFrom(moved);
    }
  }

  private float[] gradient(int index) {
    return gradients().get(index).toFloats();
  }

  private List<Tensor> gradients() {
    return new ArrayList<>(small.adaptation.trained().stream().map(Trainable::gradient).toList());
  }
}
