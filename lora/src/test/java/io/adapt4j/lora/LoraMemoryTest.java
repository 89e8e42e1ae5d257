package io.adapt4j.lora;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.memory.MemoryNames;
import io.adapt4j.core.internal.memory.Planner;
import io.adapt4j.core.internal.memory.StepShape;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.optim.OptimizerStates;
import io.adapt4j.core.internal.plan.MemoryEstimate;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.core.optim.Optimizer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The predicted memory of adapters against their tensors. */
class LoraMemoryTest {

  private static Decoder declare() {
    return Architectures.declareDecoder(
        ModelConfig.parse(
            Path.of("llama/config.json"),
            """
            {"model_type": "llama", "architectures": ["LlamaForCausalLM"],
             "vocab_size": 512, "hidden_size": 32, "intermediate_size": 48,
             "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
             "hidden_act": "silu", "max_position_embeddings": 64, "rms_norm_eps": 1e-5,
             "tie_word_embeddings": true}
            """));
  }

  private static MemoryEstimate predicted(Decoder decoder, Lora lora, DType type) {
    return Planner.of(decoder, lora).estimate(StepShape.of(2, 8, type, Optimizer.adamW()));
  }

  private static long bytes(Tensor tensor) {
    return tensor.count() * tensor.type().bytes();
  }

  @Test
  void gradientsAndMomentsAreThoseOfTheFactors() {
    for (Lora lora :
        List.of(
            Lora.rank(4),
            Lora.rank(2).targets(Targets.names("q_proj", "down_proj")),
            Lora.rank(2).dropout(0.1))) {
      try (Decoder decoder = declare()) {
        MemoryEstimate found = predicted(decoder, lora, DType.BF16);
        decoder.allocate(DType.BF16);
        try (Adaptation adaptation = Methods.of(lora).attach(decoder, Path.of("base"), 1)) {
          long gradients =
              adaptation.trained().stream()
                  .map(Trainable::gradient)
                  .mapToLong(LoraMemoryTest::bytes)
                  .sum();
          long moments =
              adaptation.trained().stream()
                  .mapToLong(
                      parameter ->
                          OptimizerStates.stateBytes(Optimizer.adamW(), parameter.value().sizes()))
                  .sum();
          assertThat(found.lasting(MemoryNames.GRADIENTS)).isEqualTo(gradients);
          assertThat(found.lasting(MemoryNames.OPTIMIZER)).isEqualTo(moments);
          assertThat(found.lasting(MemoryNames.MASTERS)).isZero();
        }
      }
    }
  }

  @Test
  void factorsAreHeldInFp32AndOnceMoreAsThePairTheyAreComputedWith() {
    try (Decoder decoder = declare()) {
      // q, k, v: ranks 3 x 2, 32 in, 64 out; output: 2, 32, 32; gate, up: 2 x 2, 32, 96; down: 2,
      // 48, 32.
      long a = 6 * 32 + 2 * 32 + 4 * 32 + 2 * 48;
      long b = 2 * (32 + 16 + 16) + 2 * 32 + 2 * 96 + 2 * 32;
      long packedB = 6 * 64 + 2 * 32 + 4 * 96 + 2 * 32;
      Lora lora = Lora.rank(2);
      assertThat(predicted(decoder, lora, DType.BF16).lasting(MemoryNames.ADAPTERS))
          .isEqualTo(2 * (4 * (a + b) + 2 * (a + packedB)));
      assertThat(predicted(decoder, lora, DType.F32).lasting(MemoryNames.ADAPTERS))
          .isEqualTo(2 * (4 * (a + b) + 4 * packedB));
    }
  }

  @Test
  void aHeadThatIsSavedInFullIsAMatrixMore() {
    try (Decoder decoder = declare()) {
      long matrix = 512 * 32;
      MemoryEstimate without = predicted(decoder, Lora.rank(2), DType.BF16);
      MemoryEstimate with = predicted(decoder, Lora.rank(2).modulesToSave("lm_head"), DType.BF16);
      assertThat(with.lasting(MemoryNames.WEIGHTS) - without.lasting(MemoryNames.WEIGHTS))
          .isEqualTo(2 * matrix);
      assertThat(with.lasting(MemoryNames.MASTERS)).isEqualTo(4 * matrix);
      assertThat(with.lasting(MemoryNames.GRADIENTS) - without.lasting(MemoryNames.GRADIENTS))
          .isEqualTo(4 * matrix);
    }
  }
}
