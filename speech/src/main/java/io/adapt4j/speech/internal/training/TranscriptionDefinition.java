package io.adapt4j.speech.internal.training;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.internal.data.EncodedRows;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.internal.method.TaskKind;
import io.adapt4j.core.internal.nn.EncoderDecoder;
import io.adapt4j.core.internal.nn.weights.StoredModel;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
import io.adapt4j.core.internal.recipe.TaskModel;
import io.adapt4j.core.internal.task.FixedDefinition;
import io.adapt4j.core.internal.task.PreparedRows;
import io.adapt4j.core.internal.task.PreparedTask;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.speech.TranscriptionTask;
import io.adapt4j.speech.internal.audio.MelSettings;
import io.adapt4j.speech.internal.whisper.SpeechTokens;
import io.adapt4j.speech.internal.whisper.WhisperModel;
import io.adapt4j.speech.transcript.SpeechTask;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/** Training of speech recognition; found by {@link java.util.ServiceLoader}. */
public final class TranscriptionDefinition extends FixedDefinition<TranscriptionTask> {

  private static final String NAME = "transcription";
  private static final String LANGUAGE = "language";
  private static final String TASK = "task";
  private static final String ENGLISH = "en";

  /** Languages without spaces between words. */
  private static final Set<String> UNSPACED = Set.of("zh", "ja", "th", "lo", "my", "yue");

  public TranscriptionDefinition() {
    super(TranscriptionTask.class, TaskKind.NEXT_TOKENS, List.of(NAME));
  }

  @Override
  public Optional<Task> read(String name, Fields options) {
    return Optional.of(
        new TranscriptionTask(
            options.text(LANGUAGE),
            options.choice(TASK, SpeechTask.class).orElse(SpeechTask.TRANSCRIBE)));
  }

  @Override
  public Optional<JsonNode> write(TranscriptionTask task) {
    ObjectNode keys = JsonNodeFactory.instance.objectNode();
    ObjectNode options = keys.putObject(NAME);
    task.language().ifPresent(code -> options.put(LANGUAGE, code));
    options.put(TASK, task.task().key());
    return Optional.of(keys);
  }

  @Override
  public String identity(TranscriptionTask task) {
    return "Transcription[language=%s, task=%s]"
        .formatted(task.language().orElse(""), task.task().key());
  }

  @Override
  public List<String> metrics(TranscriptionTask task) {
    return List.of(TranscriptErrors.METRIC);
  }

  @Override
  public TaskModel model(TranscriptionTask task, Path folder, StoredModel stored, Dataset train) {
    return TaskModel.listening(stored, folder);
  }

  @Override
  public PreparedTask<?> prepare(
      TranscriptionTask task, FineTuneSettings settings, Tokenizer tokenizer) {
    Path folder = settings.model().folder();
    EncoderDecoder declared = (EncoderDecoder) settings.objective().model().declare();
    MelSettings features = WhisperModel.features(folder, declared);
    SpeechTokens tokens =
        SpeechTokens.read(
            folder, declared.modelConfig(), tokenizer, declared.specialTokens().start());
    requireLanguage(tokens, task);
    OptionalInt language =
        task.language()
            .filter(code -> !tokens.languages().isEmpty())
            .map(tokens::language)
            .orElse(OptionalInt.empty());
    int[] prompt = tokens.prompt(language, task.task().key(), /* timestamps= */ false);
    RecordingEncoder encoder =
        new RecordingEncoder(
            tokenizer,
            features,
            prompt,
            !UNSPACED.contains(written(task)),
            tokens.end(),
            settings.lengthLimit());
    Optional<TranscriptErrors.Scoring> scoring =
        settings.validation().isPresent() && settings.evaluationSamples() > 0
            ? Optional.of(scoring(folder, task))
            : Optional.empty();
    return new PreparedRows<>(
        settings,
        encoder.maxLength(),
        data -> EncodedRows.of(data, encoder).collated(encoder::batch),
        network ->
            new TranscriptionTrainingTask(
                (EncoderDecoder) network,
                features,
                tokens,
                prompt,
                tokenizer,
                scoring,
                settings.objective().selection()));
  }

  /** Returns the language of the texts. */
  private static String written(TranscriptionTask task) {
    return task.task() == SpeechTask.TRANSLATE ? ENGLISH : task.language().orElse(ENGLISH);
  }

  private static void requireLanguage(SpeechTokens tokens, TranscriptionTask task) {
    Optional<String> problem = Optional.empty();
    try {
      tokens.require(task.language(), task.task().key());
      if (task.language().isEmpty() && !tokens.languages().isEmpty()) {
        problem =
            Optional.of(
                "language: expected one of "
                    + tokens.languages().keySet()
                    + ", found none. Say TranscriptionTask.create().language(...)");
      }
    } catch (IllegalArgumentException e) {
      problem = Optional.ofNullable(e.getMessage());
    }
    problem.ifPresent(
        found -> {
          throw SettingsException.ofFineTuning(List.of(found));
        });
  }

  private static TranscriptErrors.Scoring scoring(Path folder, TranscriptionTask task) {
    String language = written(task);
    try {
      return TranscriptErrors.scoring(folder, language, !UNSPACED.contains(language));
    } catch (NoClassDefFoundError e) {
      throw SettingsException.ofFineTuning(
          List.of(
              "validation measures word errors with adapt4j-eval, which is not on the class path;"
                  + " add it, or say evaluationSamples(0) to measure the loss only"));
    }
  }
}
