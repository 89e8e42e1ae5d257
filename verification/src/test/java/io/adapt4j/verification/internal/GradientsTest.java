package io.adapt4j.verification.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;

class GradientsTest {

  private static final Map<String, float[]> MIXTURE =
      Map.of(
          "model.layers.0.block_sparse_moe.gate.weight", new float[] {9},
          "model.layers.0.block_sparse_moe.experts.0.w1.weight", new float[] {1},
          "model.layers.0.block_sparse_moe.experts.0.w3.weight", new float[] {2},
          "model.layers.0.block_sparse_moe.experts.0.w2.weight", new float[] {3},
          "model.layers.0.block_sparse_moe.experts.1.w1.weight", new float[] {4},
          "model.layers.0.block_sparse_moe.experts.1.w3.weight", new float[] {5},
          "model.layers.0.block_sparse_moe.experts.1.w2.weight", new float[] {6});

  @Test
  void aMixtureHasTheNamesOfEitherVersion() {
    assertThat(Gradients.found(MIXTURE, "model.layers.0.mlp.gate.weight")).containsExactly(9);
  }

  @Test
  void expertsAreStackedAsTheReferenceHasThemInMemory() {
    assertThat(Gradients.found(MIXTURE, "model.layers.0.mlp.experts.gate_up_proj"))
        .containsExactly(1, 2, 4, 5);
    assertThat(Gradients.found(MIXTURE, "model.layers.0.mlp.experts.down_proj"))
        .containsExactly(3, 6);
  }

  /** CamemBERT and XLM-R declare the output before the embedding, whose name is then left out. */
  @Test
  void theGradientOfATiedOutputIsThatOfTheEmbedding() {
    Map<String, float[]> gradients =
        Map.of(
            "roberta.embeddings.word_embeddings.weight", new float[] {7},
            "roberta.embeddings.position_embeddings.weight", new float[] {8});
    assertThat(Gradients.found(gradients, "lm_head.decoder.weight")).containsExactly(7);
    assertThatThrownBy(() -> Gradients.found(gradients, "lm_head.dense.weight"))
        .isInstanceOf(GoldenException.class)
        .hasMessageContaining("lm_head.dense.weight");
  }
}
