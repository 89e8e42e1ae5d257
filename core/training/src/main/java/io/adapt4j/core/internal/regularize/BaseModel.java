package io.adapt4j.core.internal.regularize;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.loss.Divergence;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.loss.VocabularyHead;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.train.TrainingException;
import java.util.Optional;

/**
 * The model before training: the trained model with its adapter off, or a copy.
 *
 * @param adapter the adapter to switch off; empty for a copy, which is closed with this
 */
record BaseModel(Decoder decoder, Optional<Adaptation> adapter) implements AutoCloseable {

  static BaseModel of(PenaltyRun run) {
    VocabularyHead head = run.decoder().head();
    boolean headTrains =
        head.weight().isTrained() || (head.bias() != null && head.bias().isTrained());
    if (!headTrains && run.adaptation().canBeSwitchedOff()) {
      return new BaseModel(run.decoder(), Optional.of(run.adaptation()));
    }
    return new BaseModel(copy(run), Optional.empty());
  }

  private static Decoder copy(PenaltyRun run) {
    if (!run.decoder().packedLinears().isEmpty()) {
      throw new TrainingException(
          "The output head trains, so its base is needed beside it, but the weights of "
              + run.base()
              + " are held packed, of which no copy is made; leave lm_head out of modulesToSave, or"
              + " train over plain weights.");
    }
    Decoder copy = Architectures.declareDecoder(run.decoder().modelConfig());
    try (Checkpoint checkpoint = copy.modelConfig().openWeights(run.base())) {
      copy.allocate(run.decoder().type());
      Weights.load(copy, checkpoint);
      return copy;
    } catch (RuntimeException e) {
      copy.close();
      throw e;
    }
  }

  VocabularyHead head() {
    return decoder.head();
  }

  /** Returns the hidden states at a batch's predicting positions; owned by the open scope. */
  Tensor rows(Batch batch) {
    return adapter.isPresent()
        ? adapter.get().withoutAdapter(() -> Divergence.rows(decoder, batch))
        : Divergence.rows(decoder, batch);
  }

  @Override
  public void close() {
    if (adapter.isEmpty()) {
      decoder.close();
    }
  }
}
