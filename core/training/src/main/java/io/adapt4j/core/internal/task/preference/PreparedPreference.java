package io.adapt4j.core.internal.task.preference;

import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.data.BatchSource;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.internal.data.RowBatches;
import io.adapt4j.core.internal.load.LoadedModel;
import io.adapt4j.core.internal.memory.MemoryNames;
import io.adapt4j.core.internal.memory.Planner;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.weights.StoredModel;
import io.adapt4j.core.internal.provenance.FileHash;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
import io.adapt4j.core.internal.recipe.TaskModel;
import io.adapt4j.core.internal.task.PreparedRows;
import io.adapt4j.core.internal.task.Training;
import io.adapt4j.core.internal.train.TrainingTask;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.preference.Reference;
import io.adapt4j.core.task.PreferenceTask;
import io.adapt4j.core.train.TrainingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Preference optimization with encoded data. */
final class PreparedPreference<B extends AnswerBatch<B>> extends PreparedRows<B> {

  private final PreferenceTask task;
  private final ExampleEncoder encoder;
  private final PreferenceKind<B> kind;

  PreparedPreference(
      PreferenceTask task,
      FineTuneSettings settings,
      ExampleEncoder encoder,
      PreferenceKind<B> kind) {
    super(settings, encoder.maxLength(), data -> kind.rows(data, mask(settings, data), encoder));
    this.task = task;
    this.encoder = encoder;
    this.kind = kind;
  }

  @Override
  public LargestBatch largestBatch(int examples) {
    return new LargestBatch(examples * kind.texts(), data().longest());
  }

  @Override
  public Planner beside(Planner planner, Network declared) {
    return task.loss().usesReference() && task.reference() instanceof Reference.Model model
        ? planner.beside(MemoryNames.REFERENCE, declare(model.folder()))
        : planner;
  }

  private static Network declare(Path folder) {
    return TaskModel.generating(StoredModel.read(folder, WeightFormat.asStored()), folder)
        .declare();
  }

  @Override
  public Optional<ChatTemplate> chatTemplate() {
    return encoder.usedChatTemplate();
  }

  @Override
  public <R> R with(
      Network network, Adaptation adaptation, Purpose purpose, Function<Training<B>, R> action) {
    Decoder decoder = (Decoder) network;
    Function<TrainingOn<B>, R> trained =
        on -> action.apply(new Training<>(on.task(), on.batches(), on.held(), adaptation));
    // Precomputed reference values do not affect the time of steps.
    if (purpose == Purpose.TIMING && task.reference() instanceof Reference.Precomputed) {
      return trained.apply(on(decoder, ReferenceModel.none()));
    }
    Optional<Path> kept =
        purpose == Purpose.TRAINING ? Optional.of(settings().output()) : Optional.empty();
    return with(decoder, adaptation, kept, trained);
  }

  /** Task and batches of a run. */
  private record TrainingOn<B>(
      TrainingTask<B> task, BatchSource<B> batches, Optional<BatchSource<B>> held) {}

  /** Runs an action with the reference model loaded. */
  private <T> T with(
      Decoder decoder,
      Adaptation adaptation,
      Optional<Path> kept,
      Function<TrainingOn<B>, T> action) {
    if (!task.loss().usesReference() || task.reference() instanceof Reference.None) {
      return action.apply(on(decoder, ReferenceModel.none()));
    }
    if (task.reference() instanceof Reference.Model model) {
      try (LoadedModel other =
          LoadedModel.load(
              model.folder(), settings().precision(), WeightFormat.asStored(), List.of())) {
        requireSameVocabulary(decoder, other.decoder(), model.folder());
        return action.apply(on(decoder, ReferenceModel.of(other.decoder())));
      }
    }
    boolean switchable = adaptation.canBeSwitchedOff();
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
    return action.apply(on(decoder, base));
  }

  private static void requireSameVocabulary(Decoder decoder, Decoder other, Path folder) {
    long own = decoder.head().weight().sizes()[0];
    long found = other.head().weight().sizes()[0];
    if (own != found) {
      throw new TrainingException(
          ("%s: expected a reference with the model's vocabulary of %s tokens, found %s. Give"
                  + " a model of the same tokenizer.")
              .formatted(folder, own, found));
    }
  }

  private TrainingOn<B> on(Decoder decoder, ReferenceModel reference) {
    return new TrainingOn<>(
        kind.task(decoder, reference, settings().objective().selection()),
        trainBatches(),
        heldBatches());
  }

  private TrainingOn<B> precomputed(Decoder decoder, ReferenceModel base, Optional<Path> kept) {
    Optional<String> model = kept.map(folder -> modelKey(decoder));
    return new TrainingOn<>(
        kind.task(decoder, base, settings().objective().selection()),
        answered(train(), trainBatches(), base, kept, model, "reference-training.safetensors"),
        held()
            .map(
                rows ->
                    answered(
                        rows,
                        rows.inOrder(settings().batchSize()),
                        base,
                        kept,
                        model,
                        "reference-validation.safetensors")));
  }

  private BatchSource<B> answered(
      RowBatches<B> rows,
      BatchSource<B> batches,
      ReferenceModel base,
      Optional<Path> kept,
      Optional<String> model,
      String name) {
    StoredReference<B> stored =
        new StoredReference<>(
            rows.inOrder(settings().batchSize()), rows.size(), settings().batchSize());
    float[] values =
        kept.isEmpty()
            ? stored.ask(base)
            : stored.ask(
                base, kept.get().resolve(name), model.orElseThrow() + " " + rows.report().digest());
    return stored.around(batches, values);
  }

  /** Returns a digest of everything in the model that affects its outputs. */
  private String modelKey(Decoder decoder) {
    MessageDigest digest = FileDigest.sha256();
    Path folder = settings().objective().model().folder();
    for (Path file : FileHash.modelFiles(folder)) {
      digest.update(
          (file.getFileName() + " " + FileHash.of(file) + "\n").getBytes(StandardCharsets.UTF_8));
    }
    String held = decoder.type() + " " + settings().objective().model().weights().description();
    digest.update(held.getBytes(StandardCharsets.UTF_8));
    return HexFormat.of().formatHex(digest.digest());
  }
}
