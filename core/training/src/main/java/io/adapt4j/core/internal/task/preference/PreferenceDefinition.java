package io.adapt4j.core.internal.task.preference;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Overflow;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.internal.method.MethodMechanics;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.method.TaskKind;
import io.adapt4j.core.internal.nn.weights.StoredModel;
import io.adapt4j.core.internal.recipe.Checks;
import io.adapt4j.core.internal.recipe.Draft;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
import io.adapt4j.core.internal.recipe.Options;
import io.adapt4j.core.internal.recipe.TaskModel;
import io.adapt4j.core.internal.task.PreparedTask;
import io.adapt4j.core.internal.task.TaskDefinition;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.preference.PreferenceLoss;
import io.adapt4j.core.preference.Reference;
import io.adapt4j.core.task.PreferenceTask;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.tokenize.Tokenizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Preference optimization. */
public final class PreferenceDefinition implements TaskDefinition<PreferenceTask> {

  @Override
  public Class<PreferenceTask> type() {
    return PreferenceTask.class;
  }

  @Override
  public List<String> names() {
    return PreferenceKeys.NAMES;
  }

  @Override
  public Optional<Task> read(String name, Fields options) {
    return PreferenceKeys.read(name, options);
  }

  @Override
  public Optional<JsonNode> write(PreferenceTask task) {
    return task.loss().custom().isPresent()
        ? Optional.empty()
        : Optional.of(PreferenceKeys.write(task));
  }

  @Override
  public TaskKind kind(PreferenceTask task) {
    return task.loss().usesReference()
        ? TaskKind.PREFERENCE
        : TaskKind.PREFERENCE_WITHOUT_REFERENCE;
  }

  @Override
  public String identity(PreferenceTask task) {
    return "Preferences[loss="
        + LossSettings.of(task.loss())
        + ", reference="
        + task.reference()
        + "]";
  }

  @Override
  public boolean masksRows(PreferenceTask task) {
    return task.loss().custom().isEmpty()
        && LossSettings.of(task.loss()) instanceof PairLoss loss
        && loss.pairing() == PairLoss.Pairing.PAIRS
        && !(loss.usesReference() && task.reference() instanceof Reference.Precomputed);
  }

  @Override
  public List<String> metrics(PreferenceTask task) {
    return Metrics.selectable(task.loss());
  }

  @Override
  public void check(PreferenceTask task, Draft draft, int batchSize, Checks checks) {
    checks.require(
        draft.get(Options.OVERFLOW) != Overflow.SPLIT,
        "overflow SPLIT is not for preferences, whose answers are judged as a whole; truncate or"
            + " drop them");
    FineTuningMethod chosen = draft.get(Options.METHOD);
    checkReference(task, chosen == null ? null : Methods.of(chosen), checks);
    checkBatchSize(task.loss(), batchSize, checks);
    TaskDefinition.requireNoTokenOptions(draft, checks);
  }

  private static void checkReference(PreferenceTask task, MethodMechanics method, Checks checks) {
    if (!task.loss().usesReference()) {
      return;
    }
    checks.require(
        !(task.reference() instanceof Reference.Base) || method == null || !method.trainsBase(),
        "full fine-tuning changes the base that the loss compares with; say"
            + " reference(Reference.precomputed()) or reference(Reference.model(folder)), or train"
            + " an adapter");
    if (task.reference() instanceof Reference.Model model) {
      checks.require(
          Files.isDirectory(model.folder()),
          "the reference model's folder " + model.folder().toAbsolutePath() + " does not exist");
    }
  }

  private static void checkBatchSize(PreferenceLoss loss, int batchSize, Checks checks) {
    if (LossSettings.of(loss) instanceof Kto kto) {
      checks.require(
          !kto.estimatesDivergence() || batchSize > 1,
          "KTO estimates a mean over each batch: batchSize must be at least 2, found "
              + batchSize
              + "; without such an estimate take PreferenceLoss.apoZeroUnpaired(...)");
      return;
    }
    checks.require(
        PairLoss.of(loss).pairing() == PairLoss.Pairing.PAIRS || batchSize > 1,
        "AOT compares the answers of each batch by their ranks: batchSize must be at least 2, found"
            + " "
            + batchSize
            + "; of one pair it says what DPO says");
  }

  @Override
  public TaskModel model(PreferenceTask task, Path folder, StoredModel stored, Dataset train) {
    return TaskModel.generating(stored, folder);
  }

  @Override
  public PreparedTask<?> prepare(
      PreferenceTask task, FineTuneSettings settings, Tokenizer tokenizer) {
    ExampleEncoder encoder = settings.exampleEncoder(tokenizer);
    return LossSettings.of(task.loss()) instanceof Kto kto
        ? new PreparedPreference<>(task, settings, encoder, new PreferenceKind.Unpaired(kto))
        : new PreparedPreference<>(
            task, settings, encoder, new PreferenceKind.Pairs(PairLoss.of(task.loss())));
  }
}
