package io.adapt4j.vision.internal.tower;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.layer.SequentialLayer;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.norm.LayerNorm;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.Arrays;
import java.util.List;

/** The text model of SigLIP or CLIP: a vector of one position of each text, projected. */
record TextSide(
    Parameter tokens,
    Parameter positions,
    List<SequentialLayer> layers,
    LayerNorm norm,
    LinearSlot projection) {

  static TextSide declare(
      TowerWeights weights, ModelConfig text, TowerSizes sizes, boolean causal, LinearSlot last) {
    ConfigReader fields = text.fields();
    String path = "text_model";
    String embeddings = path + ".embeddings.";
    int vocabulary = fields.positiveInt("vocab_size", causal ? 49_408 : 32_000);
    int length = fields.positiveInt("max_position_embeddings", causal ? 77 : 64);
    return new TextSide(
        weights.add(
            Parameter.of(embeddings + "token_embedding.weight", vocabulary, sizes.hidden())),
        weights.add(Parameter.of(embeddings + "position_embedding.weight", length, sizes.hidden())),
        TowerLayers.declare(weights, path, sizes, causal),
        weights.add(
            LayerNorm.declare(path + ".final_layer_norm", sizes.hidden(), true, sizes.eps())),
        weights.add(last));
  }

  /** {@return the maximum number of tokens} */
  int length() {
    return Math.toIntExact(positions.sizes()[0]);
  }

  /**
   * Computes the hidden states of texts after the final norm.
   *
   * @param ids token ids of texts that are filled up to the same length
   * @return [texts, T, hidden]
   */
  Tensor states(Ops ops, List<int[]> ids) {
    int rows = ids.size();
    int length = ids.get(0).length;
    long[] flat = new long[rows * length];
    long[] places = new long[flat.length];
    for (int row = 0; row < rows; row++) {
      for (int i = 0; i < length; i++) {
        flat[row * length + i] = ids.get(row)[i];
        places[row * length + i] = i;
      }
    }
    Positions at = TowerLayers.positions(ops, null, rows, length, tokens.value().type());
    Tensor x =
        ops.add(
            ops.embedding(Tensor.of(flat, rows, length), tokens),
            ops.embedding(Tensor.of(places, rows, length), positions));
    return norm.forward(ops, TowerLayers.run(ops, x, layers, at));
  }

  /** Computes the vectors of texts [texts, width]. */
  Tensor pooled(Ops ops, Tensor states, int[] pooled) {
    long[] index = new long[pooled.length];
    Arrays.setAll(index, row -> row * states.size(1) + pooled[row]);
    Tensor rows = TowerLayers.rows(ops, states, index, index.length, states.size(-1));
    return projection.forward(ops, rows);
  }
}
