package io.adapt4j.core;

import io.adapt4j.core.exception.FineTuneException;
import io.adapt4j.core.model.ModelSource;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.EncodingReport;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.internal.provenance.Provenance;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes the run of a record again, and sees to it that it is the same run. */
final class RunRepeat {

  private static final Logger LOG = LoggerFactory.getLogger(RunRepeat.class);
  private static final String OUTPUT = "output";

  private RunRepeat() {}

  static FineTuner.Builder of(Path path) {
    Provenance record = Provenance.read(path);
    return repeating(record, record.untold()).builder().repeats(record);
  }

  static FineTuner.Builder of(Path path, Split data) {
    Provenance record = Provenance.read(path);
    return withoutData(record).dataset(data);
  }

  static FineTuner.Builder of(Path path, Dataset data) {
    Provenance record = Provenance.read(path);
    return withoutData(record).dataset(data);
  }

  private static FineTuner.Builder withoutData(Provenance record) {
    List<String> untold = record.untold().stream().filter(one -> !isData(one)).toList();
    RunDescription description = repeating(record, untold);
    return description.builderWithoutData().repeats(record);
  }

  private static RunDescription repeating(Provenance record, List<String> untold) {
    List<String> problems = new ArrayList<>();
    for (String one : untold) {
      problems.add(
          record.file()
              + " cannot tell how to make "
              + one
              + (isData(one) ? ". Give it: repeat(record, data)." : "."));
    }
    Path model = modelFolder(record);
    problems.addAll(record.changedFiles(model));
    if (record.chatTemplate().isPresent() && !record.choseChatTemplate()) {
      changedTemplate(record, ChatTemplate.find(model)).ifPresent(problems::add);
    }
    if (!problems.isEmpty()) {
      throw new FineTuneException(problems);
    }
    List<String> other = record.otherEnvironment();
    if (!other.isEmpty()) {
      LOG.warn(
          "{} was made elsewhere, so losses may differ in the last digits: {}",
          record.file(),
          String.join("; ", other));
    }
    ObjectNode keys = record.configuration();
    JsonNode output = keys.path(OUTPUT);
    keys.put(OUTPUT, output.asText() + "-repeat");
    return RunDescription.of(keys, record.file() + ", configuration");
  }

  /** Whether something untold is what {@code repeat(record, data)} gives. */
  private static boolean isData(String untold) {
    return RunKeys.DATA.stream().anyMatch(key -> untold.startsWith(key + ":"));
  }

  /** The recorded folder; of a model on a hub, the commit wherever the cache is here. */
  private static Path modelFolder(Provenance record) {
    JsonNode model = record.json().path("model");
    return model.has("hub")
        ? ModelSource.hub(model.path("hub").asText(), model.path("revision").asText()).folder()
        : Path.of(model.path("folder").asText());
  }

  private static Optional<String> changedTemplate(
      Provenance record, Optional<ChatTemplate> template) {
    String before = record.chatTemplate().orElse("none");
    String now = template.map(ChatTemplate::digest).orElse("none");
    return before.equals(now)
        ? Optional.empty()
        : Optional.of(
            "chat template: its sha256 was "
                + before
                + ", is "
                + now
                + ". Put the recorded chat_template.jinja back.");
  }

  /**
   * Requires of a run that repeats another that its encoded data is the same.
   *
   * @throws FineTuneException if it is not, with both digests
   */
  static void requireSameData(
      FineTuneSettings settings, EncodingReport train, Optional<EncodingReport> held) {
    if (settings.repeats().isEmpty()) {
      return;
    }
    Provenance record = settings.repeats().get();
    List<String> changed = new ArrayList<>();
    record.changedData(RunRecorder.TRAINING, train.kept(), train.digest()).ifPresent(changed::add);
    record
        .changedData(
            RunRecorder.VALIDATION,
            held.map(EncodingReport::kept).orElse(0),
            held.map(EncodingReport::digest).orElse("none"))
        .ifPresent(changed::add);
    if (!changed.isEmpty()) {
      throw new FineTuneException(changed);
    }
  }
}
