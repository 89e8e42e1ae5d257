package io.adapt4j.vision.internal.training;

import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.picture.PictureTraining;
import io.adapt4j.vision.internal.processor.PictureProcessors;
import io.adapt4j.vision.internal.tower.Towers;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** Brings training on pictures for the families whose towers this build has. */
public final class PictureTrainings implements PictureTraining.Provider {

  /** Called by {@link java.util.ServiceLoader}. */
  public PictureTrainings() {}

  @Override
  public Optional<PictureTraining> of(Path folder, ModelConfig config) {
    return Towers.modelTypes().contains(config.modelType())
        ? Optional.of(new TrainingPictures(config, PictureProcessors.open(folder), Map.of()))
        : Optional.empty();
  }
}
