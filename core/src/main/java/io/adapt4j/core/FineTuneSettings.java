package io.adapt4j.core;

import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Overflow;
import io.adapt4j.core.internal.method.MethodMechanics;
import io.adapt4j.core.internal.provenance.Provenance;
import io.adapt4j.core.internal.train.TrainingOptions;
import io.adapt4j.core.regularization.Regularisation;
import io.adapt4j.core.train.TrainingListener;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** A checked description of a fine-tuning. */
record FineTuneSettings(
    ModelSource model,
    Dataset train,
    Optional<Dataset> validation,
    MethodMechanics method,
    Path output,
    int batchSize,
    Optional<Integer> maxLength,
    int contextLength,
    Overflow overflow,
    TokenOptions tokens,
    Optional<ChatTemplate> chosenTemplate,
    Precision precision,
    TrainingOptions training,
    long seed,
    Objective objective,
    List<TrainingListener> listeners,
    List<Regularisation> regularisations,
    int numberedCheckpoints,
    Optional<Provenance> repeats,
    RunChoices choices) {

  /** The template of conversations: the chosen one, else the model's. */
  Optional<ChatTemplate> chatTemplate() {
    return chosenTemplate.isPresent() ? chosenTemplate : ChatTemplate.find(model.folder());
  }
}
