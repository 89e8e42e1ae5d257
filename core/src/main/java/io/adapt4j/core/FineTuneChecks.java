package io.adapt4j.core;

import io.adapt4j.core.exception.FineTuneException;
import io.adapt4j.core.internal.load.TokenizerFit;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Overflow;
import io.adapt4j.core.exception.EngineException;
import io.adapt4j.core.hub.HubException;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.tensor.EngineInfo;
import io.adapt4j.core.internal.train.Trainer;
import io.adapt4j.core.preference.Kto;
import io.adapt4j.core.preference.Metrics;
import io.adapt4j.core.preference.PairLoss;
import io.adapt4j.core.preference.Reference;
import io.adapt4j.core.reinforce.RolloutOptions;
import io.adapt4j.core.spi.FineTuningMethod;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.core.train.Selection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/** Collects what is wrong with a fine-tuning, so that all of it can be said at once. */
final class FineTuneChecks {

  private final List<String> problems = new ArrayList<>();

  void require(boolean holds, String problem) {
    if (!holds) {
      problems.add(problem);
    }
  }

  /** Whether tensors can be made at all, before a model is read and data encoded. */
  void device() {
    try {
      EngineInfo.device();
    } catch (EngineException e) {
      problems.add(e.getMessage());
    }
  }

  void notNull(String name, Object value) {
    require(value != null, name + " must not be null");
  }

  void atLeast(String name, int value, int minimum) {
    require(value >= minimum, name + " must be at least " + minimum + ", found " + value);
  }

  void notNegative(String name, double value) {
    require(value >= 0 && Double.isFinite(value), name + " must be at least 0, found " + value);
  }

  void dataset(String part, Dataset data) {
    if (data == null) {
      problems.add("no dataset: give Datasets.jsonl(...), or a split of it");
    } else if (data.size() == 0) {
      problems.add("the " + part + " data " + data.name() + " has no rows");
    }
  }

  void output(Path output, boolean overwrite) {
    for (Path at = output.toAbsolutePath(); at != null; at = at.getParent()) {
      if (Files.exists(at)) {
        require(
            Files.isDirectory(at) && Files.isWritable(at),
            "output " + output + ": " + at + " is not a folder that can be written to");
        break;
      }
    }
    if (!overwrite) {
      List<String> names = new ArrayList<>(List.of(Trainer.BEST, Trainer.LAST, Trainer.STATES));
      names.addAll(Trainer.numberedCheckpoints(output));
      for (String name : names) {
        require(
            !Files.exists(output.resolve(name)),
            "output "
                + output
                + " holds '"
                + name
                + "' of another run; choose another folder, or say resume() to go on with it or"
                + " overwriteOutput() to replace it");
      }
    }
  }

  /** Checks what is asked of a task that does not predict next tokens. */
  void task(Task task, String bestBy, Overflow overflow) {
    notNull("task", task);
    List<String> measured = new ArrayList<>(List.of(Selection.LOSS));
    if (task instanceof Task.Labelled labelled) {
      measured.addAll(
          switch (labelled.problem()) {
            case ONE_LABEL -> List.of("accuracy", "macro_f1");
            case MANY_LABELS -> List.of("micro_f1", "macro_f1", "exact_match");
            case NUMBER -> List.of("mse", "pearson", "spearman");
            case TOKEN_LABELS ->
                List.of("accuracy", "macro_f1", "entity_precision", "entity_recall", "entity_f1");
          });
    }
    if (task instanceof Task.Reward) {
      measured.addAll(List.of("accuracy", "margin"));
    }
    if (task instanceof Task.Reinforced) {
      measured.add("reward");
    }
    if (task instanceof Task.Embeddings) {
      measured.addAll(List.of("mrr", "accuracy"));
    }
    if (task instanceof Task.Preferences preferences) {
      measured.addAll(Metrics.selectable(preferences.loss()));
    }
    require(
        measured.contains(bestBy),
        "bestBy: expected one of " + measured + ", which this task measures, found " + bestBy);
    if (task instanceof Task.Preferences) {
      require(
          overflow != Overflow.SPLIT,
          "overflow SPLIT is not for preferences, whose answers are judged as a whole; truncate or"
              + " drop them");
    } else {
      require(
          task instanceof Task.NextTokens || overflow == Overflow.TRUNCATE_RIGHT,
          "overflow "
              + overflow
              + " is for tasks that predict next tokens; this one cuts texts at their end");
    }
  }

  /** Checks what preferences are compared with, and how many at a time. */
  void preferences(Task task, FineTuningMethod method, int batchSize) {
    if (!(task instanceof Task.Preferences preferences)) {
      return;
    }
    boolean asksBase =
        preferences.loss().usesReference() && preferences.reference() instanceof Reference.Base;
    require(
        !asksBase || !(method instanceof FullFineTuning),
        "full fine-tuning changes the base that the loss compares with; say"
            + " reference(Reference.precomputed()) or reference(Reference.model(folder)), or train"
            + " an adapter");
    require(
        !(preferences.loss() instanceof Kto kto && kto.estimatesDivergence()) || batchSize > 1,
        "KTO estimates a mean over each batch: batchSize must be at least 2, found "
            + batchSize
            + "; without such an estimate say withoutDivergence()");
    require(
        !(preferences.loss() instanceof PairLoss pairs && pairs.pairing() != PairLoss.Pairing.PAIRS)
            || batchSize > 1,
        "AOT compares the answers of each batch by their ranks: batchSize must be at least 2, found"
            + " "
            + batchSize
            + "; of one pair it says what DPO says");
    if (preferences.loss().usesReference()
        && preferences.reference() instanceof Reference.Model model) {
      require(
          Files.isDirectory(model.folder()),
          "the reference model's folder " + model.folder().toAbsolutePath() + " does not exist");
    }
  }

  /** A rollout must divide into steps, so that every update is of one rollout. */
  void rollouts(Task task, int batchSize, int accumulation, double neftune) {
    if (task instanceof Task.Reinforced reinforced) {
      RolloutOptions options = reinforced.algorithm().rollout();
      long step = (long) batchSize * accumulation;
      require(
          step < 1 || options.completions() % step == 0,
          "batchSize "
              + batchSize
              + " times gradientAccumulation "
              + accumulation
              + " must divide the completions of a rollout, which are "
              + options.prompts()
              + " prompts times "
              + options.groupSize());
      require(
          neftune == 0,
          "neftune changes what the policy is between drawing and updating; leave it out for this"
              + " task");
    }
  }

  void onlyForNextTokens(Task task, String option, boolean used) {
    require(
        task == null || task instanceof Task.NextTokens || !used,
        option + " is for the task nextTokens; leave it out for this task");
  }

  /**
   * Checks the folder, and the method against the model in it. A model that is not on disk yet is
   * not downloaded for a fine-tuning that has other problems.
   *
   * @param task what the model is for
   * @param ofTask finds the model of the task in a folder
   */
  Optional<TaskModel> model(
      ModelSource model, FineTuningMethod method, Task task, Function<Path, TaskModel> ofTask) {
    if (model == null) {
      problems.add("no model: give ModelSource.path(...) or ModelSource.hub(...)");
      return Optional.empty();
    }
    if (!model.isOnDisk() && !problems.isEmpty()) {
      return Optional.empty();
    }
    Path folder;
    try {
      folder = model.folder();
    } catch (HubException e) {
      problems.add(e.getMessage());
      return Optional.empty();
    }
    if (!Files.isDirectory(folder)) {
      problems.add("the model folder " + folder.toAbsolutePath() + " does not exist");
      return Optional.empty();
    }
    Optional<TaskModel> found = find(() -> ofTask.apply(folder));
    Optional<Network> declared = found.flatMap(one -> find(one::declare));
    declared.ifPresent(network -> attempt(() -> found.get().checkWeights(network)));
    attempt(() -> tokenizer(folder, declared));
    if (declared.isPresent() && method != null) {
      problems.addAll(method.problems(declared.get(), folder));
      rewards(task, declared.get(), method);
    }
    return declared.isPresent() ? found : Optional.empty();
  }

  /** Finds the chosen chat template, with the model's special tokens. */
  Optional<ChatTemplate> chatTemplate(ChatTemplate given, String nameOrPath, ModelSource model) {
    if (given == null && nameOrPath == null) {
      return Optional.empty();
    }
    boolean hasModel = model != null && model.isOnDisk() && Files.isDirectory(model.folder());
    return find(
        () -> {
          ChatTemplate template = given != null ? given : ChatTemplate.resolve(nameOrPath);
          return hasModel ? template.withSpecialTokensOf(model.folder()) : template;
        });
  }

  /** Conversations need a template; the first row shows whether the data holds some. */
  void conversations(Dataset data, Optional<ChatTemplate> chosen, ModelSource model) {
    boolean canTell = data != null && data.size() > 0 && problems.isEmpty();
    if (!canTell || chosen.isPresent() || !isConversation(data)) {
      return;
    }
    find(() -> ChatTemplate.find(model.folder()))
        .ifPresent(
            found ->
                require(
                    found.isPresent(),
                    "the data "
                        + data.name()
                        + " holds conversations, but the model "
                        + model.folder()
                        + " has no chat template, as is usual for base models; name one with"
                        + " chatTemplate(...): "
                        + String.join(", ", ChatTemplate.builtInNames())
                        + ", a file in Jinja or the folder of the model's instruct version"));
  }

  /** A row that cannot be read is for the run to complain of. */
  static boolean isConversation(Dataset data) {
    try {
      Example first = data.get(0);
      return first instanceof Example.Chat
          || first instanceof Example.ChatPrompt
          || first instanceof Example.ChatPreference
          || first instanceof Example.ChatUnpairedPreference;
    } catch (RuntimeException e) {
      return false;
    }
  }

  private static void tokenizer(Path folder, Optional<Network> declared) {
    try (Tokenizer tokenizer = Tokenizer.load(folder)) {
      declared.ifPresent(network -> TokenizerFit.require(folder, network, tokenizer));
    }
  }

  private void rewards(Task task, Network declared, FineTuningMethod method) {
    if (task instanceof Task.Reinforced reinforced) {
      for (RunReward reward : RunReward.in(reinforced.algorithm())) {
        problems.addAll(reward.problems((Decoder) declared, method));
      }
    }
  }

  private <T> Optional<T> find(Supplier<T> search) {
    try {
      return Optional.of(search.get());
    } catch (RuntimeException e) {
      problems.add(e.getMessage());
      return Optional.empty();
    }
  }

  private void attempt(Runnable check) {
    try {
      check.run();
    } catch (RuntimeException e) {
      problems.add(e.getMessage());
    }
  }

  void finish() {
    if (!problems.isEmpty()) {
      throw new FineTuneException(problems);
    }
  }
}
