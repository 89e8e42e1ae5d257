package io.adapt4j.core.internal.train;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.SmallModel;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Copies of what trains, averaged and taken over. */
class TrainableValuesTest {

  @TempDir static Path base;

  @BeforeAll
  static void writeModel() throws IOException {
    SmallModel.write(base);
  }

  @Test
  void trainedValuesAreAveragedByWeightAndTakenOver() {
    try (SmallRun small = new SmallRun(base)) {
      TrainableValues before = TrainableValues.of(small.adaptation);
      String name = before.names().iterator().next();
      Trainable first = small.adaptation.trained().get(0);
      try (Tensor four = Tensor.of(new float[] {4}, 1)) {
        first.value().copyFrom(four);
      }
      TrainableValues after = TrainableValues.of(small.adaptation);
      TrainableValues.average(List.of(before, after), List.of(1.0, 3.0)).copyTo(small.adaptation);
      float[] found = first.value().toFloats();
      float[] was = before.values(name);
      for (int i = 0; i < found.length; i++) {
        assertThat(found[i]).isCloseTo((was[i] + 3 * 4) / 4, within(1e-6f));
      }
    }
  }

  @Test
  void valuesOfAnotherMethodAreRefusedAndNothingChanges() {
    try (SmallRun small = new SmallRun(base)) {
      TrainableValues own = TrainableValues.of(small.adaptation);
      TrainableValues other = TrainableValues.of(Map.of("lora_A", new float[] {1}));
      refuses(IllegalArgumentException.class, () -> other.copyTo(small.adaptation), "found 1");
      assertThatThrownBy(() -> TrainableValues.average(List.of(own, other), List.of(1.0, 1.0)))
          .hasMessageContaining("found none");
      assertThatThrownBy(() -> TrainableValues.average(List.of(own), List.of(0.0)))
          .hasMessageContaining("above 0");
    }
  }
}
