package io.adapt4j.core.internal.task.embedding;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.encode.SentenceFolderWriter;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.ForwardingAdaptation;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.recipe.TaskModel;
import java.nio.file.Path;
import java.util.OptionalInt;

/**
 * Adaptation that saves checkpoints as sentence-transformers folders; saved adapters are unchanged.
 */
final class SentenceAdaptation extends ForwardingAdaptation {

  private final TaskModel model;
  private final Encoder encoder;
  private final OptionalInt truncateDimension;

  SentenceAdaptation(
      Adaptation adaptation, TaskModel model, Encoder encoder, OptionalInt truncateDimension) {
    super(adaptation);
    this.model = model;
    this.encoder = encoder;
    this.truncateDimension = truncateDimension;
  }

  @Override
  public void save(Path folder) {
    super.save(folder);
    if (Checkpoint.exists(folder)) {
      SentenceFolderWriter.write(folder, model.folder(), encoder.dimensions().hiddenSize());
      truncateDimension.ifPresent(
          dimension -> SentenceFolderWriter.writeTruncation(folder, dimension));
    }
  }
}
