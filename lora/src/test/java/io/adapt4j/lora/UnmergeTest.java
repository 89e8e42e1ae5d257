package io.adapt4j.lora;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a merge leaves in the base once it is undone. */
class UnmergeTest {

  /** Layers of several projections, with the biases that those of B are added to. */
  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F32", "BF16"})
  void biasesAndWeightsOfFusedLayersComeBack(DType type, @TempDir Path folder) {
    Lora lora = Lora.rank(2).biasOfB().targets(Targets.names("q_proj", "v_proj", "up_proj"));
    try (Decoder decoder = LoraCase.random(false, type)) {
      try (Adaptation adaptation = Methods.of(lora).attach(decoder, Path.of("base"), 1)) {
        SplittableRandom random = new SplittableRandom(2);
        for (Trainable parameter : adaptation.trained()) {
          float[] values = new float[Math.toIntExact(parameter.value().count())];
          for (int i = 0; i < values.length; i++) {
            values[i] = (float) (random.nextDouble() - 0.5);
          }
          parameter.value().data().asFloatBuffer().put(values);
        }
        adaptation.refresh();
        adaptation.save(folder);
      }
      Map<String, float[]> before = LoraCase.weights(decoder);
      try (AttachedAdapter attached = AdapterMechanics.of(LoraAdapter.at(folder)).attach(decoder)) {
        attached.merge();
        Map<String, float[]> merged = LoraCase.weights(decoder);
        attached.unmerge();
        Map<String, float[]> after = LoraCase.weights(decoder);
        before.forEach(
            (name, values) -> {
              boolean adapted = name.matches(".*\\.(q_proj|v_proj|up_proj)\\.(weight|bias)");
              assertThat(Arrays.equals(merged.get(name), values)).as(name).isEqualTo(!adapted);
              if (name.endsWith(".bias") || type == DType.BF16 || !adapted) {
                assertThat(after.get(name)).as(name).isEqualTo(values);
              } else {
                LoraCase.assertClose(name, after.get(name), values, 1e-6, 1e-6);
              }
            });
      }
    }
  }
}
