package io.adapt4j.core.internal.recipe;

import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.MaskedRow;
import io.adapt4j.core.data.Overflow;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.internal.method.MethodMechanics;
import io.adapt4j.core.internal.nn.picture.PictureTraining;
import io.adapt4j.core.internal.provenance.Provenance;
import io.adapt4j.core.internal.train.TrainingOptions;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.regularization.Regularization;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.core.train.TrainingListener;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Checked settings of a fine-tuning. */
public record FineTuneSettings(
    ModelSource model,
    Dataset train,
    Optional<Dataset> validation,
    MethodMechanics method,
    boolean modelDropout,
    boolean headWarmStart,
    Path output,
    boolean replacesEarlierRun,
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
    List<Regularization> regularizations,
    int numberedCheckpoints,
    int evaluationSamples,
    Optional<Provenance> repeats,
    RunChoices choices) {

  /** Returns the training rows that nothing is learned from. */
  public List<MaskedRow> maskedRows() {
    return tokens.maskedRows();
  }

  /** Returns the maximum tokens of an example: the set value, else the default. */
  public int lengthLimit() {
    return maxLength.orElse(usualLength());
  }

  /**
   * Returns the default maximum tokens of an example: the model's context length, up to a limit.
   */
  public int usualLength() {
    return Math.min(contextLength, FineTuneDefaults.MAX_LENGTH);
  }

  /** Creates the encoder of rows for next-token prediction. */
  public ExampleEncoder exampleEncoder(Tokenizer tokenizer) {
    ExampleEncoder.Builder encoding =
        tokens.applyTo(ExampleEncoder.builder(tokenizer, lengthLimit()).overflow(overflow));
    chatTemplate()
        .ifPresent(
            template -> {
              encoding.chatTemplate(template);
              objective
                  .model()
                  .pictures()
                  .ifPresent(reading -> encoding.pictures(reading.tokens(tokenizer, template)));
            });
    return encoding.build();
  }

  /** Returns the chat template: the chosen one, else the model's, else that of its pictures. */
  public Optional<ChatTemplate> chatTemplate() {
    Path folder = model.folder();
    return chosenTemplate
        .or(() -> ChatTemplate.find(folder))
        .or(
            () ->
                objective
                    .model()
                    .pictures()
                    .flatMap(PictureTraining::template)
                    .map(template -> template.withSpecialTokensOf(folder)));
  }
}
