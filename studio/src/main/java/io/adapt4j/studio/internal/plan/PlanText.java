package io.adapt4j.studio.internal.plan;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.Adapt4jException;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.finetune.RunDescription;
import io.adapt4j.core.internal.Json;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The YAML of a plan: into the form and back, and its problems by field. */
public final class PlanText {

  /** Field of problems that belong to no other. */
  public static final String GENERAL = "yaml";

  /** A problem of a description: its place in the text, its key, and what is wrong. */
  private static final Pattern PROBLEM =
      Pattern.compile(
          "(?:[^\\n:]*?:(\\d+):\\d+: |--set [^:]*(?::\\d+:\\d+)?: )?([\\w.\\[\\]-]+): (?s:(.*))");

  private static final int MOST_BYTES = 256 << 10;

  private PlanText() {}

  /** Returns the names of the form's fields. */
  public static List<String> fields() {
    return PlanFields.names();
  }

  /** Reads the form's fields; none if the text is not YAML. */
  public static Map<String, String> form(String yaml) {
    return tree(yaml).map(PlanFields::read).orElse(Map.of());
  }

  /** Writes fields of the form into a text; as it was if it is not YAML. */
  public static String with(String yaml, Map<String, String> fields) {
    Optional<ObjectNode> tree = tree(yaml);
    if (tree.isEmpty()) {
      return yaml;
    }
    ObjectNode changed = PlanFields.write(tree.get(), fields);
    // Comments and layout stay while nothing has changed.
    return changed.equals(tree.get()) ? yaml : YamlText.of(changed);
  }

  /** Returns the path of the rows; empty if the text names none. */
  public static String dataPath(String yaml) {
    return tree(yaml).map(tree -> tree.path("data").path("path").asText()).orElse("");
  }

  /** Returns the text with rows that are read in another way; their use stays. */
  public static String withData(String yaml, ObjectNode reading) {
    Optional<ObjectNode> tree = tree(yaml);
    if (tree.isEmpty()) {
      return yaml;
    }
    ObjectNode data = tree.get().withObject("/data");
    data.remove(List.of("path", "files", "skipMalformed", "delimiter", "shape", "map"));
    JsonNode rest = data.deepCopy();
    data.removeAll();
    data.setAll(reading);
    rest.properties().forEach(each -> data.set(each.getKey(), each.getValue()));
    return YamlText.of(tree.get());
  }

  private static Optional<ObjectNode> tree(String yaml) {
    try {
      JsonNode tree = Json.written(RunDescription.parse(yaml).text());
      return tree instanceof ObjectNode object ? Optional.of(object) : Optional.empty();
    } catch (SettingsException e) {
      return Optional.empty();
    }
  }

  /** Writes a description that was made as a tree. */
  public static String yaml(ObjectNode tree) {
    return YamlText.of(tree);
  }

  /**
   * Returns the description with an output folder, which replaces what is there. Paths of files are
   * absolute, since a run reads its description in another folder.
   */
  public static RunDescription description(String yaml, Path output) {
    RunDescription parsed = RunDescription.parse(yaml);
    JsonNode tree = Json.written(parsed.text());
    for (String key : List.of("model", "data.path")) {
      JsonNode value = tree.at("/" + key.replace('.', '/'));
      if (value.isTextual() && isRelativeFile(value.asText())) {
        String absolute = Path.of(value.asText()).toAbsolutePath().normalize().toString();
        parsed = parsed.with(key, Json.compact(JsonNodeFactory.instance.textNode(absolute)));
      }
    }
    return parsed
        .with("output", Json.compact(JsonNodeFactory.instance.textNode(output.toString())))
        .with("resume", "false")
        .with("overwriteOutput", "true");
  }

  private static boolean isRelativeFile(String text) {
    try {
      Path path = Path.of(text);
      return !path.isAbsolute() && Files.exists(path);
    } catch (InvalidPathException e) {
      return false;
    }
  }

  /** Returns what is wrong, by the field that it is shown at; reads no weights. */
  public static Map<String, String> problems(String yaml, Path output) {
    Map<String, String> problems = new LinkedHashMap<>();
    if (yaml.length() > MOST_BYTES) {
      problems.put(GENERAL, "expected at most 256 KiB of YAML, found more");
      return problems;
    }
    try {
      description(yaml, output).builder().build();
    } catch (SettingsException e) {
      e.problems().forEach(problem -> add(problems, problem));
    } catch (Adapt4jException | IllegalArgumentException | IllegalStateException e) {
      add(problems, String.valueOf(e.getMessage()));
    }
    return problems;
  }

  private static void add(Map<String, String> problems, String problem) {
    Matcher matcher = PROBLEM.matcher(problem);
    Optional<String> field =
        matcher.matches() ? PlanFields.field(matcher.group(2)) : Optional.empty();
    String text = problem.replaceFirst("^description:", "");
    if (field.isPresent()) {
      text = matcher.group(3);
    }
    problems.merge(field.orElse(GENERAL), text, (first, second) -> first + "\n" + second);
  }
}
