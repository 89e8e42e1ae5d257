package io.adapt4j.core;

import io.adapt4j.core.exception.FineTuneException;
import io.adapt4j.core.plan.FineTunePlan;
import io.adapt4j.core.data.Batching;
import io.adapt4j.core.internal.data.Batches;
import io.adapt4j.core.internal.data.EncodableRows;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.train.NextTokens;
import io.adapt4j.core.internal.train.StepHooks;
import io.adapt4j.core.plan.Device;
import io.adapt4j.core.plan.Forecast;
import io.adapt4j.core.plan.TimedSteps;
import io.adapt4j.core.regularization.Regularisation;
import io.adapt4j.core.spi.Adaptation;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.core.train.LearningRateCurve;
import io.adapt4j.core.train.LearningRateSweep;
import io.adapt4j.core.train.TrainingResult;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** A run that teaches a decoder to predict next tokens: its data made ready, planned, trained. */
final class NextTokenRun implements TaskRun {

  private final FineTuneSettings settings;
  private final ExampleEncoder encoder;
  private final EncodableRows train;
  private final Optional<EncodableRows> held;
  private final RunParts parts;

  private NextTokenRun(
      FineTuneSettings settings,
      ExampleEncoder encoder,
      EncodableRows train,
      Optional<EncodableRows> held) {
    this.settings = settings;
    this.encoder = encoder;
    this.train = train;
    this.held = held;
    this.parts =
        new RunParts(
            settings, train.report(), held.map(EncodableRows::report), encoder.maxLength());
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
    ExampleEncoder encoder = encoder(settings, tokenizer);
    int maxLength = encoder.maxLength();
    EncodableRows train = encoder.filter(settings.train());
    TaskRun.requireUsable(settings.train(), train.report(), maxLength);
    Optional<EncodableRows> held = settings.validation().map(encoder::filter);
    held.ifPresent(
        one -> TaskRun.requireUsable(settings.validation().orElseThrow(), one.report(), maxLength));
    RunRepeat.requireSameData(settings, train.report(), held.map(EncodableRows::report));
    return new NextTokenRun(settings, encoder, train, held);
  }

  /** What turns rows into tokens in a run. */
  static ExampleEncoder encoder(FineTuneSettings settings, Tokenizer tokenizer) {
    int maxLength =
        settings.lengthLimit();
    ExampleEncoder.Builder encoding =
        settings
            .tokens()
            .applyTo(ExampleEncoder.builder(tokenizer, maxLength).overflow(settings.overflow()));
    settings.chatTemplate().ifPresent(encoding::chatTemplate);
    return encoding.build();
  }

  @Override
  public FineTunePlan plan(Network declared) {
    return parts.plan(declared, batches().count());
  }

  @Override
  public TrainingResult train(
      Network network, Adaptation adaptation, FineTunePlan plan, BooleanSupplier stopRequested) {
    Decoder decoder = (Decoder) network;
    try (Regularisers regularisers =
        Regularisers.start(
            settings.regularisations(),
            regularised(decoder, adaptation, Optional.of(settings.output())))) {
      return parts
          .trainer(
              new NextTokens(decoder),
              adaptation,
              batches(),
              heldBatches(),
              settings.regularisations().stream().map(one -> one.identity(encoder)).toList(),
              encoder.usedChatTemplate(),
              stopRequested)
          .hooks(StepHooks.of(regularisers.penalties()))
          .run(parts.start(network, plan));
    }
  }

  @Override
  public LearningRateCurve sweep(Network network, Adaptation adaptation, LearningRateSweep sweep) {
    Decoder decoder = (Decoder) network;
    try (Regularisers regularisers =
        Regularisers.start(
            settings.regularisations(), regularised(decoder, adaptation, Optional.empty()))) {
      return parts.sweep(
          new NextTokens(decoder),
          adaptation,
          batches(),
          StepHooks.of(regularisers.penalties()),
          sweep);
    }
  }

  private Regularisation.Run regularised(
      Decoder decoder, Adaptation adaptation, Optional<Path> output) {
    return new Regularisation.Run(
        decoder,
        adaptation,
        settings.model().folder(),
        encoder,
        output,
        settings.batchSize(),
        settings.training().step().recompute(),
        settings.seed());
  }

  @Override
  public Forecast forecast(Network declared, Device device) {
    return settings.tokens().batching() == Batching.PACKED
        ? parts.forecast(declared, encoder.maxLength(), device)
        : parts.forecast(declared, device);
  }

  @Override
  public TimedSteps timed(Network network, Adaptation adaptation, int steps) {
    return parts.timed(
        new NextTokens((Decoder) network), adaptation, batches(), heldBatches(), steps);
  }

  private Optional<Batches> heldBatches() {
    return held.map(
        one ->
            Batches.of(one)
                .batchSize(settings.batchSize())
                .batching(settings.tokens().evaluation())
                .build());
  }

  private Batches batches() {
    return Batches.of(train)
        .batchSize(settings.batchSize())
        .batching(settings.tokens().batching())
        .shuffle(settings.seed())
        .build();
  }
}
