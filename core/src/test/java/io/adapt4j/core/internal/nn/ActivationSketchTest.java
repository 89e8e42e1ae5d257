package io.adapt4j.core.internal.nn;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.ActivationSketch.LayerSketch;
import io.adapt4j.core.internal.nn.ActivationSketch.Sketch;
import io.adapt4j.core.internal.nn.family.Architectures;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Widths counted by hand, operator by operator. */
class ActivationSketchTest {

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

  private static final int NORMED = 32;
  private static final int QKV = 64;
  private static final int TURNED = 48;
  private static final int ATTENDED = 32;
  private static final int MIXED = 32;
  private static final int GATE_UP = 96;
  private static final int GATED = 48;

  private static List<Long> kept(Sketch sketch) {
    return sketch.layers().stream().map(LayerSketch::kept).toList();
  }

  @Test
  void fullFineTuningKeepsEveryInputOfAProductAndWhatNormsAndGatesNeed() {
    Network network = llama();
    long all = NORMED + QKV + TURNED + ATTENDED + MIXED + NORMED + GATE_UP + GATED;
    assertThat(kept(ActivationSketch.of(network, TrainableSummary.everything(network))))
        .containsExactly(all, all);
  }

  @Test
  void adaptersOnAllProjectionsKeepTheSame() {
    Network network = llama();
    long all = NORMED + QKV + TURNED + ATTENDED + MIXED + NORMED + GATE_UP + GATED;
    assertThat(kept(ActivationSketch.of(network, TrainableSummary.lowRank(network, 2))))
        .containsExactly(all, all);
  }

  @Test
  void layersBelowTheFirstTrainedOneKeepNothingAndFrozenProductsNoInput() {
    Network network = llama();
    // Slots of a layer: qkv, attention output, gate and up, down. The fifth is the second layer's.
    TrainableSummary.LoraMatrices queries =
        new TrainableSummary.LoraMatrices(
            4, 32, 64, List.of(new TrainableSummary.Part(32, 2)), false);
    TrainableSummary trainableSummary = new TrainableSummary(Set.of(), List.of(queries), false, 0);
    long second = NORMED + QKV + TURNED + MIXED + GATE_UP;
    assertThat(kept(ActivationSketch.of(network, trainableSummary))).containsExactly(0L, second);
  }

  @Test
  void dropoutKeepsAMaskAndAMaskedInputForEachPart() {
    Network network = llama();
    TrainableSummary plain = TrainableSummary.lowRank(network, 2);
    List<TrainableSummary.LoraMatrices> dropped =
        plain.factors().stream()
            .map(
                factor ->
                    new TrainableSummary.LoraMatrices(
                        factor.slot(), factor.in(), factor.out(), factor.parts(), true))
            .toList();
    // q, k and v, output, gate and up: 2 x 32 each; down: 2 x 48. Their plain inputs go.
    long masks = 2 * 32 * (3 + 1 + 2) + 2 * 48;
    long inputs = NORMED + ATTENDED + NORMED + GATED;
    long all = NORMED + QKV + TURNED + ATTENDED + MIXED + NORMED + GATE_UP + GATED;
    assertThat(
            kept(ActivationSketch.of(network, new TrainableSummary(Set.of(), dropped, false, 0))))
        .containsExactly(all - inputs + masks, all - inputs + masks);
  }

  /** DoRA: what its gains multiply is kept beside the product, which the next operator keeps. */
  @Test
  void gainsOfOutputsKeepWhatTheyMultiply() {
    Network network = llama();
    TrainableSummary plain = TrainableSummary.lowRank(network, 2);
    List<TrainableSummary.Rescaling> gains =
        plain.factors().stream()
            .map(factor -> new TrainableSummary.Rescaling(factor.slot(), false))
            .toList();
    TrainableSummary trainableSummary =
        new TrainableSummary(Set.of(), plain.factors(), false, 1, gains);
    long all = NORMED + QKV + TURNED + ATTENDED + MIXED + NORMED + GATE_UP + GATED;
    long multiplied = QKV + 32 + GATE_UP + 32;
    assertThat(kept(ActivationSketch.of(network, trainableSummary)))
        .containsExactly(all + multiplied, all + multiplied);
  }

  /** (IA)3: keys and values are scaled after their projection, the MLP before its last one. */
  @Test
  void vectorsAloneKeepNoInputsOfProducts() {
    Network network = llama();
    List<TrainableSummary.Rescaling> vectors =
        List.of(
            new TrainableSummary.Rescaling(0, false),
            new TrainableSummary.Rescaling(3, true),
            new TrainableSummary.Rescaling(4, false),
            new TrainableSummary.Rescaling(7, true));
    TrainableSummary trainableSummary =
        new TrainableSummary(Set.of(), List.of(), false, 100, vectors);
    // The norm before the first products has nothing trained before it.
    long layer = QKV + QKV + TURNED + MIXED + GATE_UP + GATED;
    assertThat(kept(ActivationSketch.of(network, trainableSummary))).containsExactly(layer, layer);
  }

  @Test
  void anEncoderWithNormsAfterItsBranchesKeepsTheSumsThatTheyRead() {
    Network network =
        Architectures.declare(
            ModelConfig.parse(
                Path.of("bert/config.json"),
                """
                {"model_type": "bert", "architectures": ["BertForMaskedLM"],
                 "vocab_size": 100, "hidden_size": 32, "intermediate_size": 64,
                 "num_hidden_layers": 1, "num_attention_heads": 4, "hidden_act": "gelu",
                 "max_position_embeddings": 64, "type_vocab_size": 2, "layer_norm_eps": 1e-12}
                """));
    // q k v 96 as views, attention 32, sum 32, normed 32, up 64, activated 64, sum 32.
    assertThat(kept(ActivationSketch.of(network, TrainableSummary.everything(network))))
        .containsExactly(96L + 32 + 32 + 32 + 64 + 64 + 32);
  }
}
