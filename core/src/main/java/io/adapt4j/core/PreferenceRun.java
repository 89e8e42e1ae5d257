package io.adapt4j.core;

import io.adapt4j.core.exception.FineTuneException;
import io.adapt4j.core.internal.load.LoadedModel;
import io.adapt4j.core.plan.FineTunePlan;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.data.BatchSource;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.internal.memory.MemoryNames;
import io.adapt4j.core.internal.memory.Planner;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.WeightFormat;
import io.adapt4j.core.internal.provenance.FileHash;
import io.adapt4j.core.internal.train.StepHooks;
import io.adapt4j.core.internal.train.TrainingTask;
import io.adapt4j.core.plan.Device;
import io.adapt4j.core.plan.Forecast;
import io.adapt4j.core.plan.TimedSteps;
import io.adapt4j.core.preference.Kto;
import io.adapt4j.core.preference.PairLoss;
import io.adapt4j.core.preference.Reference;
import io.adapt4j.core.preference.ReferenceModel;
import io.adapt4j.core.preference.StoredReference;
import io.adapt4j.core.spi.Adaptation;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.core.train.LearningRateCurve;
import io.adapt4j.core.train.LearningRateSweep;
import io.adapt4j.core.train.TrainingException;
import io.adapt4j.core.train.TrainingResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/**
 * A run that teaches a decoder to prefer some answers to others.
 *
 * @param <B> a batch
 */
final class PreferenceRun<B> implements TaskRun {

  private final FineTuneSettings settings;
  private final Task.Preferences task;
  private final ExampleEncoder encoder;
  private final PreferenceKind<B> kind;
  private final PreferenceKind.Data<B> train;
  private final Optional<PreferenceKind.Data<B>> held;
  private final RunParts parts;

  private PreferenceRun(
      FineTuneSettings settings,
      Task.Preferences task,
      ExampleEncoder encoder,
      PreferenceKind<B> kind,
      PreferenceKind.Data<B> train,
      Optional<PreferenceKind.Data<B>> held) {
    this.settings = settings;
    this.task = task;
    this.encoder = encoder;
    this.kind = kind;
    this.train = train;
    this.held = held;
    this.parts =
        new RunParts(
            settings, train.report(), held.map(PreferenceKind.Data::report), encoder.maxLength());
  }

  static PreferenceRun<?> prepare(
      FineTuneSettings settings, Task.Preferences task, Tokenizer tokenizer) {
    ExampleEncoder encoder = NextTokenRun.encoder(settings, tokenizer);
    if (task.loss() instanceof PairLoss loss) {
      return prepare(settings, task, encoder, new PreferenceKind.Pairs(loss));
    }
    return prepare(settings, task, encoder, new PreferenceKind.Unpaired((Kto) task.loss()));
  }

  private static <B> PreferenceRun<B> prepare(
      FineTuneSettings settings,
      Task.Preferences task,
      ExampleEncoder encoder,
      PreferenceKind<B> kind) {
    try {
      PreferenceKind.Data<B> train = kind.data(settings.train(), encoder, settings);
      Optional<PreferenceKind.Data<B>> held =
          settings.validation().map(data -> kind.data(data, encoder, settings));
      RunRepeat.requireSameData(settings, train.report(), held.map(PreferenceKind.Data::report));
      return new PreferenceRun<>(settings, task, encoder, kind, train, held);
    } catch (DatasetException e) {
      throw new FineTuneException(List.of(e.getMessage()));
    }
  }

  @Override
  public FineTunePlan plan(Network declared) {
    return parts.plan(declared, train.shuffled().count());
  }

  /**
   * What a run goes over.
   *
   * @param task the loss, with its reference
   * @param batches to train on
   * @param heldBatches to evaluate on
   */
  private record Prepared<B>(
      TrainingTask<B> task, BatchSource<B> batches, Optional<BatchSource<B>> heldBatches) {}

  @Override
  public TrainingResult train(
      Network network, Adaptation adaptation, FineTunePlan plan, BooleanSupplier stopRequested) {
    return with(
        (Decoder) network,
        adaptation,
        Optional.of(settings.output()),
        one ->
            parts
                .trainer(
                    one.task(),
                    adaptation,
                    one.batches(),
                    one.heldBatches(),
                    List.of(),
                    encoder.usedChatTemplate(),
                    stopRequested)
                .run(parts.start(network, plan)));
  }

  @Override
  public LearningRateCurve sweep(Network network, Adaptation adaptation, LearningRateSweep sweep) {
    return with(
        (Decoder) network,
        adaptation,
        Optional.empty(),
        one -> parts.sweep(one.task(), adaptation, one.batches(), StepHooks.NONE, sweep));
  }

  /** What is asked for beforehand takes no part in the steps, whatever it says. */
  @Override
  public TimedSteps timed(Network network, Adaptation adaptation, int steps) {
    Decoder decoder = (Decoder) network;
    if (task.reference() instanceof Reference.Precomputed) {
      Prepared<B> one = prepared(decoder, ReferenceModel.none());
      return parts.timed(one.task(), adaptation, one.batches(), one.heldBatches(), steps);
    }
    return with(
        decoder,
        adaptation,
        Optional.empty(),
        one -> parts.timed(one.task(), adaptation, one.batches(), one.heldBatches(), steps));
  }

  @Override
  public Forecast forecast(Network declared, Device device) {
    int longest =
        Math.max(train.report().longest(), held.map(one -> one.report().longest()).orElse(0));
    return parts.forecast(
        declared, longest, parts.rows() * kind.texts(), this::withReference, device);
  }

  private Planner withReference(Planner planner) {
    return task.loss().usesReference() && task.reference() instanceof Reference.Model model
        ? planner.beside(MemoryNames.REFERENCE, declare(model.folder()))
        : planner;
  }

  private static Network declare(Path folder) {
    return TaskModel.of(Task.nextTokens(), folder, WeightFormat.asStored(), null).declare();
  }

  /** Does something with the reference at hand. */
  private <T> T with(
      Decoder decoder,
      Adaptation adaptation,
      Optional<Path> kept,
      Function<Prepared<B>, T> action) {
    if (!task.loss().usesReference() || task.reference() instanceof Reference.None) {
      return action.apply(prepared(decoder, ReferenceModel.none()));
    }
    if (task.reference() instanceof Reference.Model model) {
      try (LoadedModel other =
          LoadedModel.load(
              model.folder(), settings.precision(), WeightFormat.asStored(), List.of())) {
        requireSameVocabulary(decoder, other.decoder(), model.folder());
        return action.apply(prepared(decoder, ReferenceModel.of(other.decoder())));
      }
    }
    boolean switchable = canBeSwitchedOff(adaptation);
    ReferenceModel base =
        switchable
            ? ReferenceModel.withoutAdapter(decoder, adaptation)
            : ReferenceModel.of(decoder);
    if (task.reference() instanceof Reference.Precomputed) {
      return action.apply(precomputed(decoder, base, kept));
    }
    if (!switchable) {
      throw new TrainingException(
          "reference: the base itself trains, so it cannot be asked as it was before; use"
              + " Reference.precomputed(), Reference.model(folder) or an adapter");
    }
    return action.apply(prepared(decoder, base));
  }

  private static boolean canBeSwitchedOff(Adaptation adaptation) {
    try {
      return adaptation.withoutAdapter(() -> true);
    } catch (UnsupportedOperationException e) {
      return false;
    }
  }

  private static void requireSameVocabulary(Decoder decoder, Decoder other, Path folder) {
    long own = decoder.head().weight().sizes()[0];
    long found = other.head().weight().sizes()[0];
    if (own != found) {
      throw new TrainingException(
          folder
              + ": expected a reference with the model's vocabulary of "
              + own
              + " tokens, found "
              + found
              + ". Give a model of the same tokenizer.");
    }
  }

  private Prepared<B> prepared(Decoder decoder, ReferenceModel reference) {
    return new Prepared<>(
        kind.task(decoder, reference, settings.objective().selection()),
        train.shuffled(),
        held.map(PreferenceKind.Data::inOrder));
  }

  private Prepared<B> precomputed(Decoder decoder, ReferenceModel base, Optional<Path> kept) {
    Optional<String> model = kept.map(folder -> modelKey(decoder));
    return new Prepared<>(
        kind.task(decoder, base, settings.objective().selection()),
        answered(train, train.shuffled(), base, kept, model, "reference-training.safetensors"),
        held.map(
            one ->
                answered(
                    one, one.inOrder(), base, kept, model, "reference-validation.safetensors")));
  }

  private BatchSource<B> answered(
      PreferenceKind.Data<B> data,
      BatchSource<B> batches,
      ReferenceModel base,
      Optional<Path> kept,
      Optional<String> model,
      String name) {
    StoredReference<B> stored =
        new StoredReference<>(kind.answers(), data.inOrder(), data.size(), settings.batchSize());
    float[] values =
        kept.isEmpty()
            ? stored.ask(base)
            : stored.ask(
                base, kept.get().resolve(name), model.orElseThrow() + " " + data.report().digest());
    return stored.around(batches, values);
  }

  /** Everything of the model that decides what it says. */
  private String modelKey(Decoder decoder) {
    MessageDigest digest = FileDigest.sha256();
    Path folder = settings.objective().model().folder();
    for (Path file : FileHash.modelFiles(folder)) {
      digest.update(
          (file.getFileName() + " " + FileHash.of(file) + "\n").getBytes(StandardCharsets.UTF_8));
    }
    String held = decoder.type() + " " + settings.objective().model().weights().description();
    digest.update(held.getBytes(StandardCharsets.UTF_8));
    return HexFormat.of().formatHex(digest.digest());
  }
}
