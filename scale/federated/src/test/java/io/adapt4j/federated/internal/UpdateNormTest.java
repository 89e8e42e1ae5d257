package io.adapt4j.federated.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The limit and the noise on which a site's privacy rests. */
class UpdateNormTest {

  private static final String MODULE = "base_model.model.q";
  private static final String HEAD = "base_model.model.score.weight";

  @TempDir Path folder;

  private StoredAdapter adapter(String name, float[] b, float[] a, float[] head) {
    AdapterWriter writer = new AdapterWriter();
    try (Scope scope = Scope.open()) {
      writer.factors(MODULE, LowRank.of(Tensor.of(b, b.length, 1), Tensor.of(a, 1, a.length)), 2);
      writer.tensor(HEAD, Tensor.of(head, head.length));
      writer.write(
          folder.resolve(name), JsonNodeFactory.instance.objectNode().put("peft_type", "LORA"));
    }
    return StoredAdapter.open(folder.resolve(name));
  }

  private StoredAdapter start() {
    return adapter("start", new float[] {1, 1, 1}, new float[] {1, 1}, new float[] {1, 1});
  }

  /** A change of 2, 4 and 4 in three tensors: a length of 6. */
  private StoredAdapter end() {
    return adapter("end", new float[] {1, 3, 1}, new float[] {1, 5}, new float[] {-3, 1});
  }

  @Test
  void lengthIsThatOfAllChangedValuesTogether() {
    try (StoredAdapter start = start();
        StoredAdapter end = end()) {
      assertThat(UpdateNorm.of(start, end, name -> true)).isCloseTo(6, within(1e-6));
      assertThat(UpdateNorm.of(start, end, name -> !name.equals(HEAD)))
          .isCloseTo(Math.sqrt(20), within(1e-6));
      assertThat(UpdateNorm.of(start, start, name -> true)).isZero();
    }
  }

  @Test
  void longUpdatesAreMultipliedByLimitOverLength() {
    assertThat(UpdateNorm.factor(6, 3)).isEqualTo(0.5);
    assertThat(UpdateNorm.factor(6, 6)).isEqualTo(1);
    assertThat(UpdateNorm.factor(6, 12)).isEqualTo(1);
    assertThat(UpdateNorm.factor(0, 1)).isEqualTo(1);
  }

  @Test
  void writtenUpdateIsNoLongerThanItsLimitAndPointsTheSameWay() {
    try (StoredAdapter start = start();
        StoredAdapter end = end()) {
      UpdateNorm.write(
          start, end, name -> true, 1.5, 0, Noise.of(Optional.of(1L), 1), folder.resolve("cut"));
      UpdateNorm.write(
          start, end, name -> true, 60, 0, Noise.of(Optional.of(1L), 1), folder.resolve("whole"));
    }
    try (StoredAdapter start = start();
        StoredAdapter cut = StoredAdapter.open(folder.resolve("cut"));
        StoredAdapter whole = StoredAdapter.open(folder.resolve("whole"));
        Scope scope = Scope.open()) {
      assertThat(UpdateNorm.of(start, cut, name -> true)).isCloseTo(1.5, within(1e-6));
      assertThat(cut.factors(MODULE).b().toFloats()).containsExactly(1, 1.5f, 1);
      assertThat(cut.factors(MODULE).a().toFloats()).containsExactly(1, 2);
      assertThat(cut.tensor(HEAD).toFloats()).containsExactly(0, 1);
      assertThat(UpdateNorm.of(start, whole, name -> true)).isCloseTo(6, within(1e-6));
    }
  }

  @Test
  void noiseOfTheGivenDeviationIsOnTrainedTensorsOnly() {
    float[] zeros = new float[4_000];
    try (StoredAdapter start = adapter("zero", zeros, new float[] {1, 1}, zeros)) {
      UpdateNorm.write(
          start,
          start,
          name -> !name.endsWith("lora_A.weight"),
          1,
          0.5,
          Noise.of(Optional.of(1L), 1),
          folder.resolve("noisy"));
    }
    try (StoredAdapter noisy = StoredAdapter.open(folder.resolve("noisy"));
        Scope scope = Scope.open()) {
      assertThat(deviation(noisy.factors(MODULE).b().toFloats())).isCloseTo(0.5, within(0.03));
      assertThat(deviation(noisy.tensor(HEAD).toFloats())).isCloseTo(0.5, within(0.03));
      assertThat(noisy.factors(MODULE).a().toFloats()).containsExactly(1, 1);
      assertThat(noisy.scale(MODULE)).isEqualTo(2);
    }
  }

  private static double deviation(float[] values) {
    double squares = 0;
    for (float value : values) {
      squares += (double) value * value;
    }
    return Math.sqrt(squares / values.length);
  }
}
