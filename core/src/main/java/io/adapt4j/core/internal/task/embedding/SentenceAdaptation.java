package io.adapt4j.core.internal.task.embedding;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.encode.SentenceFolderWriter;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.recipe.TaskModel;
import io.adapt4j.core.internal.tensor.Parameter.Trainable;
import java.nio.file.Path;
import java.util.List;

/** An adaptation whose saved checkpoints are sentence-transformers folders; adapters stay so. */
record SentenceAdaptation(Adaptation adaptation, TaskModel model, Encoder encoder)
    implements Adaptation {

  @Override
  public List<Trainable> trained() {
    return adaptation.trained();
  }

  @Override
  public void collectGradients() {
    adaptation.collectGradients();
  }

  @Override
  public void refresh() {
    adaptation.refresh();
  }

  @Override
  public void save(Path folder) {
    adaptation.save(folder);
    if (Checkpoint.exists(folder)) {
      SentenceFolderWriter.write(folder, model.folder(), encoder.dimensions().hiddenSize());
    }
  }

  @Override
  public void restore(Path folder) {
    adaptation.restore(folder);
  }

  @Override
  public void enabled(boolean on) {
    adaptation.enabled(on);
  }

  @Override
  public void close() {
    adaptation.close();
  }
}
