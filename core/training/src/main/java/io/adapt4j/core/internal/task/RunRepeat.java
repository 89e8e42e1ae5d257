package io.adapt4j.core.internal.task;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.internal.checkpoint.SingleFileModels;
import io.adapt4j.core.internal.describe.Place;
import io.adapt4j.core.internal.describe.Value;
import io.adapt4j.core.internal.provenance.Provenance;
import io.adapt4j.core.internal.recipe.Draft;
import io.adapt4j.core.internal.recipe.Options;
import io.adapt4j.core.model.ModelSource;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads the options of a recorded run in order to repeat it. */
public final class RunRepeat {

  private static final Logger LOG = LoggerFactory.getLogger(RunRepeat.class);
  private static final String OUTPUT = "output";

  private RunRepeat() {}

  /** Reads the options of a recorded run. */
  public static Draft of(Path path) {
    Provenance record = Provenance.read(path);
    return repeating(record, record.omitted(), Set.of());
  }

  /** Reads the options of a recorded run, with data that the record cannot describe. */
  public static Draft of(Path path, Split data) {
    Draft draft = withoutData(Provenance.read(path));
    Options.setData(draft, data);
    return draft;
  }

  /**
   * Reads the options of a recorded run, with data that the record cannot describe and no
   * validation data.
   */
  public static Draft of(Path path, Dataset data) {
    Draft draft = withoutData(Provenance.read(path));
    draft.set(Options.DATA, data);
    draft.set(Options.VALIDATION, null);
    return draft;
  }

  private static Draft withoutData(Provenance record) {
    List<String> omitted = record.omitted().stream().filter(text -> !isData(text)).toList();
    return repeating(record, omitted, Options.DATA_KEYS);
  }

  private static Draft repeating(Provenance record, List<String> omitted, Set<String> unread) {
    List<String> problems = new ArrayList<>();
    for (String text : omitted) {
      problems.add(
          record.file()
              + " cannot tell how to make "
              + text
              + (isData(text) ? ". Give it: repeat(record, data)." : "."));
    }
    Path model = modelFolder(record);
    problems.addAll(record.changedFiles(model));
    if (record.chatTemplate().isPresent() && !record.choseChatTemplate()) {
      changedTemplate(record, ChatTemplate.find(SingleFileModels.folder(model)))
          .ifPresent(problems::add);
    }
    if (!problems.isEmpty()) {
      throw SettingsException.ofFineTuning(problems);
    }
    List<String> other = record.otherEnvironment();
    if (!other.isEmpty()) {
      LOG.warn(
          "{} was made elsewhere, so losses may differ in the last digits: {}",
          record.file(),
          String.join("; ", other));
    }
    Draft draft = unchecked(record, unread);
    draft.set(Options.REPEATS, record);
    return draft;
  }

  /** Reads the options of a recorded run without comparing any file. */
  static Draft unchecked(Provenance record, Set<String> unread) {
    ObjectNode keys = record.configuration();
    JsonNode output = keys.path(OUTPUT);
    keys.put(OUTPUT, output.asText() + "-repeat");
    Place place = Place.of(record.file() + ", configuration", Path.of("").toAbsolutePath());
    return RunReader.read(Value.of(keys, place), unread);
  }

  /** Returns whether an omitted part is data, which {@code repeat(record, data)} provides. */
  private static boolean isData(String omitted) {
    return Options.DATA_KEYS.stream().anyMatch(key -> omitted.startsWith(key + ":"));
  }

  /** Returns the recorded model folder; for a hub model, its commit in the local cache. */
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
            "chat template: its sha256 was %s, is %s. Put the recorded chat_template.jinja back."
                .formatted(before, now));
  }
}
