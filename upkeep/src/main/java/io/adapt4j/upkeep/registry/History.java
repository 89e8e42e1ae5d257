package io.adapt4j.upkeep.registry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.BoundedFiles;
import io.adapt4j.core.internal.CheckedJson;
import io.adapt4j.upkeep.registry.HistoryEntry.Action;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;

/**
 * History of a model's aliases, one line per change; the aliases are what the lines add up to. The
 * whole file is replaced at once, so there is one state at any moment. Immutable.
 */
final class History {

  static final String FILE = "history.jsonl";

  private final Path file;
  private final List<HistoryEntry> entries;

  private History(Path file, List<HistoryEntry> entries) {
    this.file = file;
    this.entries = List.copyOf(entries);
  }

  static History read(Path home) {
    Path file = home.resolve(FILE);
    String text = Access.reading(file, () -> textOrNone(file));
    List<HistoryEntry> entries = new ArrayList<>();
    for (String line : text.lines().toList()) {
      try {
        entries.add(entry(CheckedJson.ofLine(line)));
      } catch (IOException | IllegalArgumentException | DateTimeException e) {
        throw new RegistryException(
            "%s: line %d: %s. Take the file from a copy."
                .formatted(file, entries.size() + 1, e.getMessage()),
            e);
      }
    }
    return new History(file, entries);
  }

  /** Only a file that is certainly absent is an empty history. */
  private static String textOrNone(Path file) throws IOException {
    try {
      return BoundedFiles.readText(file, BoundedFiles.INDEX);
    } catch (NoSuchFileException e) {
      return "";
    }
  }

  List<HistoryEntry> entries() {
    return entries;
  }

  /** Appends a line, forced to the device. */
  void append(HistoryEntry entry) throws IOException {
    StringBuilder text = new StringBuilder();
    entries.forEach(one -> text.append(line(one)));
    AtomicFiles.writeText(file, text + line(entry));
  }

  /** Returns the version of each alias. */
  Map<String, Integer> aliases() {
    Map<String, Integer> aliases = new TreeMap<>();
    stacks().forEach((alias, versions) -> aliases.put(alias, versions.peek()));
    return aliases;
  }

  OptionalInt current(String alias) {
    Integer number = aliases().get(alias);
    return number == null ? OptionalInt.empty() : OptionalInt.of(number);
  }

  /** Returns the versions of an alias, the current one first, without those rolled back. */
  Deque<Integer> versions(String alias) {
    return stacks().getOrDefault(alias, new ArrayDeque<>());
  }

  boolean isDeleted(int number) {
    return entries.stream()
        .anyMatch(
            entry -> entry.action() == Action.DELETE && entry.to().equals(OptionalInt.of(number)));
  }

  /** Returns the largest number that the lines mention, or 0. */
  int largestNumber() {
    return entries.stream().mapToInt(entry -> entry.to().orElse(0)).max().orElse(0);
  }

  private Map<String, Deque<Integer>> stacks() {
    Map<String, Deque<Integer>> stacks = new TreeMap<>();
    for (HistoryEntry entry : entries) {
      Deque<Integer> versions = stacks.computeIfAbsent(entry.alias(), alias -> new ArrayDeque<>());
      switch (entry.action()) {
        case PROMOTE -> versions.push(entry.to().orElseThrow());
        case ROLLBACK -> {
          while (!versions.isEmpty() && versions.peek() != entry.to().orElseThrow()) {
            versions.pop();
          }
        }
        case REMOVE -> versions.clear();
        case DELETE -> {}
      }
      if (versions.isEmpty()) {
        stacks.remove(entry.alias());
      }
    }
    return stacks;
  }

  private static String line(HistoryEntry entry) {
    ObjectNode line = JsonNodeFactory.instance.objectNode();
    line.put("time", entry.time().toString());
    line.put("action", entry.action().name().toLowerCase(Locale.ROOT));
    line.put("alias", entry.alias());
    entry.from().ifPresent(from -> line.put("from", from));
    entry.to().ifPresent(to -> line.put("to", to));
    line.put("examined", entry.examined());
    line.put("who", entry.who()).put("reason", entry.reason());
    return CheckedJson.line(line) + "\n";
  }

  private static HistoryEntry entry(JsonNode line) {
    return new HistoryEntry(
        Instant.parse(line.path("time").asText()),
        Action.valueOf(line.path("action").asText().toUpperCase(Locale.ROOT)),
        line.path("alias").asText(),
        number(line.path("from")),
        number(line.path("to")),
        line.path("examined").asBoolean(),
        line.path("who").asText(),
        line.path("reason").asText());
  }

  private static OptionalInt number(JsonNode value) {
    return value.isInt() ? OptionalInt.of(value.intValue()) : OptionalInt.empty();
  }
}
