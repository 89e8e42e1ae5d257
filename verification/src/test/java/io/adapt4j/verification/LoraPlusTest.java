package io.adapt4j.verification;

import static io.adapt4j.verification.ExampleFiles.example;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.internal.checkpoint.SafetensorsFile;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.optim.Optimizer;
import io.adapt4j.lora.Lora;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** LoRA+ in a whole run. */
class LoraPlusTest {

  private static final String B = "base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight";

  @TempDir private Path folder;

  @Test
  void secondFactorsTakeStepsThatAreTheRatioLonger() {
    float[] plain = afterOneStep(Lora.rank(2), "plain");
    float[] plus = afterOneStep(Lora.rank(2).plus(8), "plus");
    for (int i = 0; i < plain.length; i++) {
      assertThat(plus[i]).isCloseTo(8 * plain[i], within(1e-6f));
    }
    assertThat(plain).isNotEqualTo(new float[plain.length]);
  }

  private float[] afterOneStep(Lora lora, String name) {
    Path last =
        FineTuner.builder()
            .model(ModelSource.path(example("models/stories260K")))
            .dataset(Datasets.jsonl(example("data/shakespeare/passages.jsonl")).take(2))
            .method(lora)
            .optimizer(Optimizer.sgd(0))
            .learningRate(1e-2)
            .warmupSteps(0)
            .maxSteps(1)
            .maxLength(32)
            .precision(Precision.FP32)
            .output(folder.resolve(name))
            .build()
            .run()
            .last();
    try (SafetensorsFile file = SafetensorsFile.open(last.resolve("adapter_model.safetensors"))) {
      FloatBuffer values = file.bytes(B).asFloatBuffer();
      float[] copy = new float[values.remaining()];
      values.get(copy);
      return copy;
    }
  }
}
