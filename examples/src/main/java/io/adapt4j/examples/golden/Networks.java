package io.adapt4j.examples.golden;

import io.adapt4j.core.checkpoint.Checkpoint;
import io.adapt4j.core.config.ConfigException;
import io.adapt4j.core.config.ModelConfig;
import io.adapt4j.core.engine.DType;
import io.adapt4j.core.engine.Ops;
import io.adapt4j.core.engine.Parameter.Trained;
import io.adapt4j.core.engine.Scope;
import io.adapt4j.core.engine.Tensor;
import io.adapt4j.core.model.Architectures;
import io.adapt4j.core.model.Decoder;
import io.adapt4j.core.model.LanguageModelLoss;
import io.adapt4j.core.model.Positions;
import io.adapt4j.core.model.TargetRows;
import io.adapt4j.core.model.Weights;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Loads checkpoints and runs them. */
final class Networks {

  private Networks() {}

  /** Ends the check of a model whose configuration is sound but not offered by this build. */
  static void requireSupported(Path model) {
    ModelConfig config = ModelConfig.read(model);
    try (Decoder declared = Architectures.declare(config)) {
      declared.parameterCount();
    } catch (ConfigException e) {
      throw new UnsupportedQuantityException(e.getMessage());
    }
  }

  static Decoder load(Path folder, DType type) {
    Decoder decoder = Architectures.declare(ModelConfig.read(folder));
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      Weights.check(decoder, checkpoint);
      decoder.allocate(type);
      Weights.load(decoder, checkpoint);
      return decoder;
    } catch (RuntimeException e) {
      decoder.close();
      throw e;
    }
  }

  static float[] logits(Decoder decoder, LanguageModelLoss.Inputs batch) {
    return forward(decoder, batch, decoder::logits);
  }

  /** The output of the final norm. */
  static float[] hidden(Decoder decoder, LanguageModelLoss.Inputs batch) {
    return forward(decoder, batch, (ops, hidden) -> hidden);
  }

  private interface Head {
    Tensor apply(Ops ops, Tensor hidden);
  }

  private static float[] forward(Decoder decoder, LanguageModelLoss.Inputs batch, Head head) {
    try (Scope scope = Scope.open();
        Positions positions =
            decoder.positions(batch.attentionMask(), batch.rows(), batch.length())) {
      Ops ops = Ops.inference();
      Tensor ids = Tensor.of(batch.ids(), batch.rows(), batch.length());
      return head.apply(ops, decoder.hidden(ops, ids, positions, false)).toFloats();
    }
  }

  /** Mean loss over the batch's targets. */
  static double loss(Decoder decoder, LanguageModelLoss.Inputs batch) {
    return LanguageModelLoss.evaluate(decoder, batch) / targets(batch);
  }

  /** Mean loss; adds its gradients to the trained values. */
  static double differentiate(Decoder decoder, LanguageModelLoss.Inputs batch, boolean recompute) {
    int targets = targets(batch);
    return LanguageModelLoss.differentiate(decoder, batch, 1.0 / targets, recompute, 0) / targets;
  }

  private static int targets(LanguageModelLoss.Inputs batch) {
    return TargetRows.of(batch.labels(), batch.rows(), batch.length()).count();
  }

  static Map<String, float[]> gradients(List<Trained> trained) {
    Map<String, float[]> gradients = new HashMap<>();
    trained.forEach(one -> gradients.put(one.name(), one.gradient().toFloats()));
    return gradients;
  }
}
