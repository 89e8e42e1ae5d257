package io.adapt4j.lora;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.memory.ActivationMemory;
import io.adapt4j.core.internal.nn.memory.TrainableSummary;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.method.FineTuningMethod;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What layers with adapters keep for their derivatives: widths counted by hand. */
class AdapterActivationsTest {

  private static final int ROWS = 3;
  private static final int LENGTH = 5;

  private static final int NORMED = 32;
  private static final int QKV = 64;
  private static final int TURNED = 48;
  private static final int ATTENDED = 32;
  private static final int MIXED = 32;
  private static final int GATE_UP = 96;
  private static final int GATED = 48;
  private static final int OUTPUT = 32;
  private static final int INPUTS = NORMED + ATTENDED + NORMED + GATED;
  private static final int ALL = INPUTS + QKV + TURNED + MIXED + GATE_UP + OUTPUT;

  /** Hidden 32, MLP 48, queries 32, keys and values 16 each. */
  private static Network llama() {
    return Architectures.declare(
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

  /** Values a position that each layer keeps. */
  private static List<Long> kept(FineTuningMethod method) {
    long before = Tensor.live();
    TrainableSummary trainable = Methods.of(method).trainableSummary(llama());
    List<Long> kept =
        new ActivationMemory(AdapterActivationsTest::llama, trainable)
            .of(new ActivationMemory.Batch(ROWS, LENGTH, DType.BF16, false)).layers().stream()
                .map(layer -> layer.kept() / (ROWS * LENGTH * Short.BYTES))
                .toList();
    assertThat(Tensor.live()).isEqualTo(before);
    return kept;
  }

  @Test
  void loraKeepsTheInputsOfWhatItAdapts() {
    assertThat(kept(Lora.rank(2))).containsExactly((long) ALL, (long) ALL);
  }

  @Test
  void adviceOfLoraCountsWhatLoraItselfDoes() {
    Lora lora = Lora.rank(2);
    ActivationMemory.Batch batch = new ActivationMemory.Batch(ROWS, 64, DType.F32, false);
    Network network = llama();
    ActivationMemory.OfLayer itself =
        new ActivationMemory(
                AdapterActivationsTest::llama, Methods.of(lora).trainableSummary(network))
            .of(batch)
            .layers()
            .get(1);
    ActivationMemory.OfLayer advised =
        new ActivationMemory(AdapterActivationsTest::llama, TrainableSummary.lowRank(network, 2))
            .of(batch)
            .layers()
            .get(1);
    assertThat(advised.kept()).isEqualTo(itself.kept());
    assertThat(advised.forward()).isEqualTo(itself.forward());
    assertThat((double) advised.backward() / itself.backward()).isBetween(0.95, 1.0);
  }

  @Test
  void dropoutKeepsAMaskAndAMaskedInputForEachPart() {
    // q, k and v, output, gate and up: 2 x 32 each; down: 2 x 48. Their plain inputs go.
    long masks = 2 * 32 * (3 + 1 + 2) + 2 * 48;
    assertThat(kept(Lora.rank(2).dropout(0.1)))
        .containsExactly(ALL - INPUTS + masks, ALL - INPUTS + masks);
  }

  /** What gains multiply is kept beside the product, which the next operator keeps. */
  @Test
  void gainsOfDoraKeepWhatTheyMultiply() {
    long multiplied = QKV + 32 + GATE_UP + 32;
    assertThat(kept(Lora.rank(2).dora())).containsExactly(ALL + multiplied, ALL + multiplied);
  }

  /** Keys and values are scaled after their projection, the MLP before its last one. */
  @Test
  void vectorsOfIa3KeepNoInputsOfProducts() {
    long layer = QKV + QKV + TURNED + MIXED + GATE_UP + GATED + OUTPUT;
    assertThat(kept(Ia3.create())).containsExactly(layer, layer);
  }
}
