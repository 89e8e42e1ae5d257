package io.adapt4j.core.inspect;

import io.adapt4j.core.exception.CheckpointException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Tag;
import org.snakeyaml.engine.v2.schema.FailsafeSchema;

/**
 * The YAML at the head of a model card, between two lines {@code ---}, and the Markdown after it.
 *
 * <p>Every scalar is read as text: the language {@code no} is Norwegian, not false. The input is
 * untrusted: its size and its aliases are limited, and no tag creates an object.
 */
record FrontMatter(Map<?, ?> fields, String body) {

  private static final int MAX_CODE_POINTS = 4_000_000;
  private static final String FENCE = "---[ \\t]*(?:\\R|\\z)";
  private static final Pattern OPENING = Pattern.compile("\\A\\uFEFF?(?:\\s*[\\r\\n])?" + FENCE);
  private static final Pattern CLOSING = Pattern.compile("^" + FENCE, Pattern.MULTILINE);

  static FrontMatter of(Path file, String text) {
    Matcher opening = OPENING.matcher(text);
    if (!opening.find()) {
      return new FrontMatter(Map.of(), text);
    }
    int firstLine = 1 + lines(opening.group());
    Matcher closing = CLOSING.matcher(text);
    if (!closing.find(opening.end())) {
      throw malformed(
          file,
          firstLine - 1,
          "the YAML front matter that begins here has no line '---' at its end",
          null);
    }
    String yaml = text.substring(opening.end(), closing.start());
    return new FrontMatter(parse(file, firstLine, yaml), text.substring(closing.end()));
  }

  /** Returns the text of a field, or its texts joined; empty if it has none. */
  Optional<String> text(String field) {
    List<String> texts = texts(field);
    return texts.isEmpty() ? Optional.empty() : Optional.of(String.join(", ", texts));
  }

  /** Returns the texts of a field that holds one or a list of them. */
  List<String> texts(String field) {
    Object value = fields.get(field);
    Stream<?> values = value instanceof List<?> list ? list.stream() : Stream.of(value);
    return values
        .filter(String.class::isInstance)
        .map(element -> ((String) element).strip())
        .filter(text -> !text.isEmpty() && !text.equals("null") && !text.equals("~"))
        .toList();
  }

  private static Map<?, ?> parse(Path file, int firstLine, String yaml) {
    LoadSettings settings =
        LoadSettings.builder()
            .setSchema(new FailsafeSchema())
            .setTagConstructors(Map.of(Tag.NULL, empty -> ""))
            .setCodePointLimit(MAX_CODE_POINTS)
            .setAllowDuplicateKeys(true)
            .build();
    try {
      Object root = new Load(settings).loadFromString(yaml);
      if (root instanceof Map<?, ?> fields) {
        return fields;
      }
      if (root == null || Objects.equals(root, "")) {
        return Map.of();
      }
      throw malformed(
          file, firstLine, "the front matter is not a YAML mapping of names to values", null);
    } catch (MarkedYamlEngineException e) {
      int line = e.getProblemMark().map(mark -> mark.getLine()).orElse(0);
      throw malformed(
          file, firstLine + line, "the front matter is not valid YAML: " + e.getProblem(), e);
    } catch (YamlEngineException e) {
      throw malformed(file, firstLine, "the front matter is not valid YAML: " + e.getMessage(), e);
    } catch (StackOverflowError e) {
      // The parser recurses for every level and has no limit.
      throw malformed(file, firstLine, "the front matter is nested too deeply", e);
    }
  }

  private static CheckpointException malformed(
      Path file, int line, String problem, @Nullable Throwable cause) {
    return new CheckpointException(
        file + ": line " + line + ": " + problem + ". Correct it or download the file again.",
        cause);
  }

  private static int lines(String text) {
    return (int) Pattern.compile("\\R").matcher(text).results().count();
  }
}
