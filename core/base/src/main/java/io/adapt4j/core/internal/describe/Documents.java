package io.adapt4j.core.internal.describe;

import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.internal.BoundedFiles;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.composer.Composer;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;
import org.snakeyaml.engine.v2.parser.ParserImpl;
import org.snakeyaml.engine.v2.scanner.StreamReader;

/** Reads YAML 1.2, which includes JSON, as values that know their position. */
public final class Documents {

  /**
   * Maximum size of a description: reading this much takes about a second; typical ones have a few
   * kilobytes.
   */
  private static final int MAX_BYTES = 256 << 10;

  private static final int MAX_DEPTH = 50;

  private static final int MAX_ALIASES = 50;

  private static final int MAX_DIGITS = 1000;

  private final String source;
  private final Path base;
  private final Problems problems;

  /**
   * Maximum number of values. Aliases repeat the values they refer to, so a short text can expand
   * to any number. Without aliases there are fewer values than characters.
   */
  private final int maxValues;

  private int values;

  private Documents(String source, Path base, Problems problems, int maxValues) {
    this.maxValues = maxValues;
    this.source = source;
    this.base = base;
    this.problems = problems;
  }

  /** Reads a file. Relative paths in it are resolved against its folder. */
  public static Value read(Path file) {
    return read(file, MAX_BYTES);
  }

  /** Reads a file written by a program, which may be larger than a hand-written one. */
  public static Value read(Path file, int maxBytes) {
    Path folder = file.toAbsolutePath().getParent();
    try {
      return parse(file.toString(), folder, BoundedFiles.readText(file, maxBytes), maxBytes);
    } catch (BoundedFiles.TooLargeException e) {
      throw SettingsException.inDescription(
          List.of(
              "%s: %s. Check that it is the right file: data belongs into files of its own."
                  .formatted(file, e.getReason())));
    } catch (IOException e) {
      throw SettingsException.inDescription(
          List.of(file + ": reading failed: " + e + ". Check that it is a readable UTF-8 file."));
    }
  }

  public static Value parse(String source, Path base, String text) {
    return parse(source, base, text, MAX_BYTES);
  }

  private static Value parse(String source, Path base, String text, int maxBytes) {
    LoadSettings settings =
        LoadSettings.builder()
            .setLabel(source)
            .setCodePointLimit(maxBytes)
            .setMaxAliasesForCollections(MAX_ALIASES)
            .build();
    Problems problems = new Problems();
    Documents documents = new Documents(source, base, problems, Math.max(1000, text.length()));
    Value value;
    try {
      Composer composer =
          new Composer(settings, new ParserImpl(settings, new StreamReader(settings, text)));
      Optional<Node> root = composer.getSingleNode();
      value =
          root.map(node -> documents.value(node, 0))
              .orElse(new Value(null, Place.of(source, base)));
    } catch (MarkedYamlEngineException e) {
      problems.add(
          documents.place(e.getProblemMark()), "", "not valid YAML: " + e.getProblem() + ".");
      throw SettingsException.inDescription(problems.all());
    } catch (YamlEngineException e) {
      problems.add(Place.of(source, base), "", "not valid YAML: " + e.getMessage());
      throw SettingsException.inDescription(problems.all());
    } catch (StackOverflowError e) {
      // The parser is recursive and has no depth limit.
      problems.add(Place.of(source, base), "", "nested too deeply.");
      throw SettingsException.inDescription(problems.all());
    }
    problems.finish();
    return value;
  }

  private Place place(Optional<Mark> mark) {
    return mark.map(at -> new Place(source, at.getLine() + 1, at.getColumn() + 1, base))
        .orElse(Place.of(source, base));
  }

  private Value value(Node node, int depth) {
    Place place = place(node.getStartMark());
    if (++values > maxValues) {
      throw new YamlEngineException("aliases repeat more than " + maxValues + " values");
    }
    if (depth > MAX_DEPTH) {
      throw new YamlEngineException("nested deeper than " + MAX_DEPTH + " levels");
    }
    if (node instanceof MappingNode mapping) {
      return new Value(entries(mapping, depth), place);
    }
    if (node instanceof SequenceNode sequence) {
      List<Value> elements = new ArrayList<>();
      sequence.getValue().forEach(element -> elements.add(value(element, depth + 1)));
      return new Value(elements, place);
    }
    return new Value(scalar((ScalarNode) node, place), place);
  }

  private Map<String, Value> entries(MappingNode mapping, int depth) {
    Map<String, Value> entries = new LinkedHashMap<>();
    for (NodeTuple tuple : mapping.getValue()) {
      Place place = place(tuple.getKeyNode().getStartMark());
      if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
        problems.add(place, "", "expected a text for a key. Put it in quotes.");
        continue;
      }
      Value value = value(tuple.getValueNode(), depth + 1);
      Value placed = value.content() instanceof Map ? value : new Value(value.content(), place);
      if (entries.put(key.getValue(), placed) != null) {
        problems.add(place, key.getValue(), "the key occurs twice. Delete one of them.");
      }
    }
    return entries;
  }

  private Object scalar(ScalarNode node, Place place) {
    String text = node.getValue();
    Tag tag = node.getTag();
    boolean number = tag.equals(Tag.INT) || tag.equals(Tag.FLOAT);
    if (number && text.length() > MAX_DIGITS) {
      problems.add(place, "", "expected a number of at most " + MAX_DIGITS + " digits.");
      return null;
    }
    try {
      if (tag.equals(Tag.INT)) {
        return new BigDecimal(text.startsWith("0x") ? hexadecimal(text) : new BigInteger(text));
      }
      if (tag.equals(Tag.FLOAT)) {
        return new BigDecimal(text);
      }
    } catch (NumberFormatException e) {
      problems.add(place, "", "expected a number, found " + text + ". Write it in digits.");
      return null;
    }
    if (tag.equals(Tag.BOOL)) {
      return Boolean.valueOf(text);
    }
    return tag.equals(Tag.NULL) ? null : text;
  }

  private static BigInteger hexadecimal(String text) {
    return new BigInteger(text.substring(2), 16);
  }
}
