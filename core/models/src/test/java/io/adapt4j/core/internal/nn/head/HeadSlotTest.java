package io.adapt4j.core.internal.nn.head;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The output head is the embedding, or a matrix of its own for as long as somebody needs it. */
class HeadSlotTest {

  @Test
  void aTiedHeadHasItsOwnValuesUntilTheLastUserIsDone() {
    long before = Tensor.live();
    try (Decoder decoder = decoder(true)) {
      decoder.allocate(DType.F32);
      fill(decoder.embedding());
      HeadSlot.Untied first = decoder.headSlot().untie();
      HeadSlot.Untied second = decoder.headSlot().untie();
      Parameter own = decoder.head().weight();
      assertThat(decoder.isTied()).isFalse();
      assertThat(decoder.isStoredTied()).isTrue();
      assertThat(own.value().toFloats()).isEqualTo(decoder.embedding().value().toFloats());
      first.close();
      first.close();
      assertThat(decoder.head().weight()).isSameAs(own);
      second.close();
      assertThat(decoder.isTied()).isTrue();
      assertThat(own.value().isClosed()).isTrue();
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @Test
  void aHeadOfItsOwnInTheCheckpointStaysAsItIs() {
    try (Decoder decoder = decoder(false)) {
      decoder.allocate(DType.F32);
      Parameter head = decoder.head().weight();
      decoder.headSlot().untie().close();
      assertThat(decoder.head().weight()).isSameAs(head);
      assertThat(head.value().isClosed()).isFalse();
    }
  }

  @Test
  void aModelWithoutWeightsHasNoneToCopy() {
    try (Decoder decoder = decoder(true)) {
      refuses(IllegalStateException.class, () -> decoder.headSlot().untie());
      assertThat(decoder.isTied()).isTrue();
    }
  }

  private static void fill(Parameter parameter) {
    float[] values = new float[Math.toIntExact(parameter.count())];
    for (int i = 0; i < values.length; i++) {
      values[i] = i;
    }
    try (Tensor filled = Tensor.of(values, parameter.sizes())) {
      parameter.value().copyFrom(filled);
    }
  }

  private static Decoder decoder(boolean tied) {
    String config =
        """
        {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "vocab_size": 8,
         "hidden_size": 4, "intermediate_size": 8, "num_hidden_layers": 1,
         "num_attention_heads": 1, "num_key_value_heads": 1, "hidden_act": "silu",
         "max_position_embeddings": 16, "rms_norm_eps": 1e-5, "tie_word_embeddings": %b}
        """;
    return Architectures.declareDecoder(
        ModelConfig.parse(Path.of("config.json"), config.formatted(tied)));
  }
}
