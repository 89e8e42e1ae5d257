package io.adapt4j.core;

import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.data.Batch;
import io.adapt4j.core.data.Batches;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.EncodableRows;
import io.adapt4j.core.data.EncodingReport;
import io.adapt4j.core.data.ExampleEncoder;
import io.adapt4j.core.engine.DType;
import io.adapt4j.core.model.Decoder;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.core.train.Adaptation;
import io.adapt4j.core.train.NextTokens;
import io.adapt4j.core.train.RunStart;
import io.adapt4j.core.train.Trainer;
import io.adapt4j.core.train.TrainingOptions;
import io.adapt4j.core.train.TrainingResult;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** A run that teaches a decoder to predict next tokens: its data made ready, planned, trained. */
final class NextTokenRun {

  private final FineTuneSettings settings;
  private final ExampleEncoder encoder;
  private final EncodableRows train;
  private final Optional<EncodableRows> held;

  private NextTokenRun(
      FineTuneSettings settings,
      ExampleEncoder encoder,
      EncodableRows train,
      Optional<EncodableRows> held) {
    this.settings = settings;
    this.encoder = encoder;
    this.train = train;
    this.held = held;
  }

  /**
   * Tokenises the data once to find the rows that can be used.
   *
   * @param settings what is to be done
   * @param tokenizer the model's, open as long as the run
   * @return the run
   * @throws FineTuneException if no row can be used
   */
  static NextTokenRun prepare(FineTuneSettings settings, Tokenizer tokenizer) {
    int maxLength =
        settings.maxLength().orElse(FineTuneDefaults.maxLength(settings.contextLength()));
    ExampleEncoder.Builder encoding =
        ExampleEncoder.builder(tokenizer, maxLength).overflow(settings.overflow());
    ChatTemplate.find(settings.model().folder()).ifPresent(encoding::chatTemplate);
    ExampleEncoder encoder = encoding.build();
    EncodableRows train = encoder.filter(settings.train());
    requireUsable(settings.train(), train.report(), maxLength);
    Optional<EncodableRows> held = settings.validation().map(encoder::filter);
    held.ifPresent(
        one -> requireUsable(settings.validation().orElseThrow(), one.report(), maxLength));
    RunRepeat.requireSameData(settings, train.report(), held.map(EncodableRows::report));
    return new NextTokenRun(settings, encoder, train, held);
  }

  private static void requireUsable(Dataset data, EncodingReport report, int maxLength) {
    if (report.kept() == 0) {
      throw new FineTuneException(
          List.of(
              data.name()
                  + ": none of its "
                  + report.rows()
                  + " rows can be used: "
                  + report.tooLong()
                  + " are longer than maxLength "
                  + maxLength
                  + ", "
                  + report.nothingToLearn()
                  + " have nothing to learn within it. Raise maxLength or check the data."));
    }
  }

  FineTunePlan plan(Decoder declared) {
    EncodingReport rows = train.report();
    Optional<EncodingReport> heldRows = held.map(EncodableRows::report);
    int batches = (rows.kept() + settings.batchSize() - 1) / settings.batchSize();
    return new FineTunePlan(
        settings.training().totalSteps(batches),
        rows.kept(),
        heldRows.map(EncodingReport::kept).orElse(0),
        rows.rows() - rows.kept() + heldRows.map(one -> one.rows() - one.kept()).orElse(0),
        rows.truncated() + heldRows.map(EncodingReport::truncated).orElse(0),
        rows.targetTokens(),
        settings.method().trainableParameters(declared),
        declared.parameterCount());
  }

  TrainingResult train(
      Decoder decoder, Adaptation adaptation, FineTunePlan plan, BooleanSupplier stopRequested) {
    Batches batches =
        Batches.of(train.dataset(), encoder)
            .batchSize(settings.batchSize())
            .shuffle(settings.seed())
            .build();
    Optional<Batches> heldBatches =
        held.map(one -> Batches.of(one.dataset(), encoder).batchSize(settings.batchSize()).build());
    RunRecorder recorder =
        RunRecorder.start(
            settings, train.report(), held.map(EncodableRows::report), encoder.usedChatTemplate());
    Trainer<Batch> trainer =
        new Trainer<>(
            new NextTokens(decoder),
            recorder.recording(adaptation),
            options(),
            batches,
            heldBatches,
            settings.output(),
            recorder.before(settings.listeners()),
            stopRequested);
    return trainer.run(
        new RunStart(
            plan.steps(),
            settings.training().epochs(),
            plan.trainableParameters(),
            plan.totalParameters(),
            plan.trainExamples(),
            plan.validationExamples(),
            settings.model() + ", " + settings.method().description(),
            precision(decoder)));
  }

  private TrainingOptions options() {
    return settings
        .training()
        .identifiedBy(
            RunIdentity.of(
                settings,
                settings.model().folder(),
                train.report(),
                held.map(EncodableRows::report),
                encoder.maxLength()));
  }

  private static String precision(Decoder decoder) {
    return decoder.type() == DType.BF16 ? "bf16, trained values fp32" : "fp32";
  }
}
