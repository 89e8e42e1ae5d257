package io.adapt4j.core.internal.recipe;

import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.exception.EngineException;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.hub.HubException;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.load.TokenizerFit;
import io.adapt4j.core.internal.method.MethodMechanics;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.picture.PictureTraining;
import io.adapt4j.core.internal.provenance.Provenance;
import io.adapt4j.core.internal.tensor.Engine;
import io.adapt4j.core.internal.train.RunStates;
import io.adapt4j.core.internal.train.Trainer;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.tokenize.Tokenizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/** Collects the errors of a fine-tuning's settings, so that all are reported at once. */
public final class Checks {

  private final List<String> problems = new ArrayList<>();

  public void require(boolean holds, String problem) {
    if (!holds) {
      problems.add(problem);
    }
  }

  /** Checks that the engine can start, before a model is read and data is encoded. */
  public void device() {
    try {
      Engine.current();
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

  public void dataset(String part, Dataset data) {
    if (data == null) {
      problems.add("no dataset: give Datasets.jsonl(...), or a split of it");
    } else if (data.size() == 0) {
      problems.add("the " + part + " data " + data.name() + " has no rows");
    }
  }

  public void output(Path output, boolean overwrite) {
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
            ("output %s holds '%s' of another run; choose another folder, or say resume() to"
                    + " go on with it or overwriteOutput() to replace it")
                .formatted(output, name));
      }
    }
  }

  /**
   * Returns whether the run has ended: a run shorter than the save interval has no state, but would
   * end the same.
   */
  private static boolean isFinished(Path output) {
    try {
      return Files.isDirectory(output)
          && Provenance.find(output)
              .filter(record -> record.file().toAbsolutePath().startsWith(output.toAbsolutePath()))
              .map(record -> record.json().path("metrics").path("ended").asText())
              .filter(ended -> ended.equals("completed") || ended.equals("early_stopped"))
              .isPresent();
    } catch (CheckpointException e) {
      return false;
    }
  }

  /** Checks that there is a state to resume from: starting over would be a different run. */
  public void resumable(Path output) {
    if (RunStates.exist(output) || isFinished(output)) {
      return;
    }
    String states = output.resolve(Trainer.STATES) + "/step-*";
    if (!Files.isDirectory(output)) {
      problems.add(
          ("resume() found nothing to go on with: there is no folder %s, where the states of the"
                  + " run were looked for (%s). Give the output folder of the run that was cut"
                  + " off, or leave out resume() to begin one")
              .formatted(output, states));
    } else {
      problems.add(
          ("resume() found nothing to go on with: %s has no saved state (looked for %s). The run"
                  + " was cut off before its first one, saved none (saveLimit(0)), or had another"
                  + " output folder; give that folder, or replace resume() by overwriteOutput() to"
                  + " begin from the start")
              .formatted(output, states));
    }
  }

  /**
   * Checks the folder, and the method against the model in it. A model that is not on disk is not
   * downloaded if there are other problems.
   */
  public Optional<TaskModel> model(
      ModelSource model,
      MethodMechanics method,
      Function<Path, TaskModel> ofTask,
      Function<Network, List<String>> fits) {
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
    Optional<Network> declared = found.flatMap(taskModel -> find(taskModel::declare));
    declared.ifPresent(network -> attempt(() -> found.get().checkWeights(network)));
    attempt(() -> tokenizer(folder, declared));
    if (declared.isPresent() && method != null) {
      problems.addAll(method.problems(declared.get(), folder));
      problems.addAll(fits.apply(declared.get()));
    }
    return declared.isPresent() ? found : Optional.empty();
  }

  /** Returns the chosen chat template, with the model's special tokens. */
  public Optional<ChatTemplate> chatTemplate(TemplateChoice choice, ModelSource model) {
    if (choice == null) {
      return Optional.empty();
    }
    boolean hasModel = model != null && model.isOnDisk() && Files.isDirectory(model.folder());
    return find(() -> hasModel ? choice.find(model.folder()) : choice.template().get());
  }

  /**
   * Checks that conversations have a chat template; the first row shows whether the data holds
   * conversations.
   */
  public void conversations(Dataset data, Optional<ChatTemplate> chosen, ModelSource model) {
    boolean canTell = data != null && data.size() > 0 && problems.isEmpty();
    if (!canTell || chosen.isPresent() || !isConversation(data)) {
      return;
    }
    Path folder = model.folder();
    find(() -> ChatTemplate.find(folder).or(() -> ofPictures(folder)))
        .ifPresent(
            found ->
                require(
                    found.isPresent(),
                    "the data "
                        + data.name()
                        + " holds conversations, but the model "
                        + folder
                        + " has no chat template, as is usual for base models; name one with"
                        + " chatTemplate(...): "
                        + String.join(", ", ChatTemplate.builtInNames())
                        + ", a file in Jinja or the folder of the model's instruct version"));
  }

  private static Optional<ChatTemplate> ofPictures(Path folder) {
    return PictureTraining.find(folder, ModelConfig.read(folder))
        .flatMap(PictureTraining::template);
  }

  /**
   * Returns whether the first row is a conversation; a row that cannot be read is reported later by
   * the run.
   */
  public static boolean isConversation(Dataset data) {
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

  public void finish() {
    if (!problems.isEmpty()) {
      throw SettingsException.ofFineTuning(problems);
    }
  }
}
