package io.adapt4j.core.internal.nn.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.memory.ActivationMemory.OfLayer;
import io.adapt4j.core.internal.nn.memory.ActivationMemory.OfPass;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Widths counted by hand, operator by operator. */
class ActivationMemoryTest {

  private static final int ROWS = 3;
  private static final int LENGTH = 5;

  /** Hidden 32, MLP 48, queries 32, keys and values 16 each. */
  private static Network llama() {
    return llama(48);
  }

  private static Network llama(int intermediate) {
    return Architectures.declare(
        ModelConfig.parse(
            Path.of("llama/config.json"),
            """
            {"model_type": "llama", "architectures": ["LlamaForCausalLM"],
             "vocab_size": 512, "hidden_size": 32, "intermediate_size": %d,
             "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
             "hidden_act": "silu", "max_position_embeddings": 64, "rms_norm_eps": 1e-5,
             "tie_word_embeddings": true}
            """
                .formatted(intermediate)));
  }

  private static Network bert() {
    return Architectures.declare(
        ModelConfig.parse(
            Path.of("bert/config.json"),
            """
            {"model_type": "bert", "architectures": ["BertForMaskedLM"],
             "vocab_size": 100, "hidden_size": 32, "intermediate_size": 64,
             "num_hidden_layers": 1, "num_attention_heads": 4, "hidden_act": "gelu",
             "max_position_embeddings": 64, "type_vocab_size": 2, "layer_norm_eps": 1e-12}
            """));
  }

  private static final int NORMED = 32;
  private static final int QKV = 64;
  private static final int TURNED = 48;
  private static final int ATTENDED = 32;
  private static final int MIXED = 32;
  private static final int GATE_UP = 96;
  private static final int GATED = 48;
  private static final int OUTPUT = 32;
  private static final int ALL =
      NORMED + QKV + TURNED + ATTENDED + MIXED + NORMED + GATE_UP + GATED + OUTPUT;

  private static OfPass pass(Network network, TrainableSummary trainable, boolean recompute) {
    return new ActivationMemory(() -> Architectures.declare(network.modelConfig()), trainable)
        .of(new ActivationMemory.Batch(ROWS, LENGTH, DType.F32, recompute));
  }

  private static OfPass pass(Network network, TrainableSummary trainable) {
    return pass(network, trainable, false);
  }

  /** Values a position. */
  private static long width(long bytes) {
    assertThat(bytes % (ROWS * LENGTH * Float.BYTES)).isZero();
    return bytes / (ROWS * LENGTH * Float.BYTES);
  }

  private static List<Long> kept(OfPass pass) {
    return pass.layers().stream().map(layer -> width(layer.kept())).toList();
  }

  @Test
  void fullFineTuningKeepsEveryInputOfAProductAndWhatNormsAndGatesNeed() {
    Network network = llama();
    assertThat(kept(pass(network, TrainableSummary.everything(network))))
        .containsExactly((long) ALL, (long) ALL);
  }

  @Test
  void adaptersOnAllProjectionsKeepTheSame() {
    Network network = llama();
    assertThat(kept(pass(network, TrainableSummary.lowRank(network, 2))))
        .containsExactly((long) ALL, (long) ALL);
  }

  @Test
  void layersBelowTheFirstTrainedOneKeepNothingAndFrozenProductsNoInput() {
    // Slots of a layer: qkv, attention output, gate and up, down. The fifth is the second layer's.
    TrainableSummary.LoraMatrices queries =
        new TrainableSummary.LoraMatrices(
            4, 32, 64, List.of(new TrainableSummary.Part(32, 2)), false);
    TrainableSummary trainable = new TrainableSummary(Set.of(), List.of(queries), false, 0);
    long second = NORMED + QKV + TURNED + MIXED + GATE_UP + OUTPUT;
    assertThat(kept(pass(llama(), trainable))).containsExactly(0L, second);
  }

  @Test
  void aMethodThatDoesNotSayWhatTrainsKeepsEveryInputOfAProduct() {
    // The norm before the first products has nothing trained before it.
    assertThat(kept(pass(llama(), TrainableSummary.ofValues(1000))))
        .containsExactly((long) ALL, (long) ALL);
  }

  @Test
  void aRecomputedLayerKeepsItsOutputAlone() {
    Network network = llama();
    OfPass again = pass(network, TrainableSummary.everything(network), true);
    assertThat(kept(again)).containsExactly((long) OUTPUT, (long) OUTPUT);
    OfLayer layer = pass(network, TrainableSummary.everything(network)).layers().get(0);
    assertThat(again.layers().get(0).backward()).isEqualTo(layer.backward() + layer.kept());
  }

  /**
   * At the gate: the gradient of the output, that of the gated values and of gate and up, and what
   * the gate's derivative makes on the way.
   */
  @Test
  void theDerivativeOfALayerIsHighestAtItsGate() {
    int gated = 480;
    Network network = llama(gated);
    OfLayer layer = pass(network, TrainableSummary.lowRank(network, 2)).layers().get(0);
    assertThat(width(layer.backward())).isEqualTo(OUTPUT + gated + 2L * gated + 2L * gated);
  }

  /** Everything that the layer makes, and its input. */
  @Test
  void aPassWithoutDerivativesHoldsOneLayer() {
    Network network = llama();
    OfLayer layer = pass(network, TrainableSummary.everything(network)).layers().get(0);
    long projected = 32 + 32;
    assertThat(width(layer.inference())).isEqualTo(32 + ALL + projected);
  }

  @Test
  void anEncoderWithNormsAfterItsBranchesKeepsTheSumsThatTheyRead() {
    Network network = bert();
    OfPass pass = pass(network, TrainableSummary.everything(network));
    // q k v 96 as views, attention 32, sum 32, normed 32, up 64, activated 64, sum 32, output 32.
    assertThat(kept(pass)).containsExactly(96L + 32 + 32 + 32 + 64 + 64 + 32 + 32);
    // Tokens, positions and types, two sums, their norm; there is no norm at the end.
    assertThat(width(pass.outside())).isEqualTo(6 * 32);
  }

  @Test
  void nothingIsLeftOpenAndNothingIsTakenFromTheNetworkThatIsPlanned() {
    Network network = llama();
    long before = Tensor.live();
    pass(network, TrainableSummary.everything(network));
    assertThat(Tensor.live()).isEqualTo(before);
    network.allocate(DType.F32);
    assertThat(network.embedding().isTrained()).isFalse();
    network.close();
  }
}
