package io.adapt4j.core.internal.describe;

import java.math.BigDecimal;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.DoublePredicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Reads the keys of a mapping. Problems are added to the {@link Problems}, and the key is then
 * treated as absent, so that reading continues. {@link #finish} rejects keys that were never read.
 *
 * <p>Not thread-safe.
 */
public final class Fields {

  /** Booleans of YAML 1.1 and of programming languages, which are strings in YAML 1.2. */
  private static final Set<String> YES = Set.of("true", "yes", "on", "y");

  private static final Set<String> NO = Set.of("false", "no", "off", "n");

  private static final Pattern NUMBER =
      Pattern.compile("[-+]?(\\d+\\.?\\d*|\\.\\d+)([eE][-+]?\\d+)?");

  private final String path;
  private final Place place;
  private final Map<String, Value> entries;
  private final Problems problems;
  private final Set<String> known = new LinkedHashSet<>();

  private Fields(String path, Place place, Map<String, Value> entries, Problems problems) {
    this.path = path;
    this.place = place;
    this.entries = entries;
    this.problems = problems;
  }

  public static Fields of(String path, Value value, Problems problems) {
    if (!(value.content() instanceof Map)) {
      problems.add(
          value.place(), path, "expected a mapping of keys to values, found " + value.said() + ".");
    }
    return new Fields(path, value.place(), value.entries(), problems);
  }

  /** A named choice, alone or with options: {@code linear}, {@code {cosine: {to: 0.1}}}. */
  public record Named(String name, Fields options) {}

  /** Returns the full path of a key in this mapping. */
  public String path(String key) {
    return path.isEmpty() ? key : path + "." + key;
  }

  /** Returns the keys that are present. */
  public Set<String> written() {
    return entries.keySet();
  }

  public void problem(String key, String problem) {
    Value value = entries.get(key);
    problems.add(value == null ? place : value.place(), key.isEmpty() ? path : path(key), problem);
  }

  /**
   * Runs an action with values that were read; its {@link IllegalArgumentException} or {@link
   * IllegalStateException} becomes a problem with a key.
   */
  public void attempt(String key, Runnable action) {
    try {
      action.run();
    } catch (IllegalArgumentException | IllegalStateException e) {
      problem(key, sentence(e.getMessage()));
    }
  }

  public Optional<Value> find(String key) {
    known.add(key);
    return Optional.ofNullable(entries.get(key)).filter(value -> value.content() != null);
  }

  public Optional<String> text(String key) {
    return find(key).flatMap(value -> typed(key, value, String.class, "a text"));
  }

  /** Reads a path; a relative one is resolved against the folder of its file. */
  public Optional<Path> file(String key) {
    return text(key).flatMap(text -> file(key, find(key).orElseThrow(), text));
  }

  private Optional<Path> file(String key, Value value, String text) {
    try {
      return Optional.of(value.place().base().resolve(text).normalize());
    } catch (InvalidPathException e) {
      problem(key, "expected a path, found '" + text + "': " + e.getReason() + ".");
      return Optional.empty();
    }
  }

  public List<Path> files(String key) {
    List<Path> files = new ArrayList<>();
    find(key).ifPresent(list -> texts(key).forEach(t -> file(key, list, t).ifPresent(files::add)));
    return files;
  }

  public Optional<Boolean> flag(String key) {
    return find(key).flatMap(value -> typed(key, value, Boolean.class, "true or false"));
  }

  public Optional<Integer> integer(String key, int least) {
    String expected =
        least == Integer.MIN_VALUE ? "a whole number" : "a whole number of at least " + least;
    return find(key)
        .flatMap(value -> typed(key, value, BigDecimal.class, expected))
        .flatMap(
            number -> {
              try {
                int exact = number.intValueExact();
                if (exact >= least) {
                  return Optional.of(exact);
                }
              } catch (ArithmeticException e) {
                // Reported below, as for other numbers.
              }
              problem(key, "expected " + expected + ", found " + number.toPlainString() + ".");
              return Optional.empty();
            });
  }

  /** Reads a 64-bit integer. */
  public Optional<Long> whole(String key) {
    return find(key)
        .flatMap(value -> typed(key, value, BigDecimal.class, "a whole number"))
        .flatMap(
            number -> {
              try {
                return Optional.of(number.longValueExact());
              } catch (ArithmeticException e) {
                problem(key, "expected a whole number of 64 bits, found " + number + ".");
                return Optional.empty();
              }
            });
  }

  public Optional<Double> number(String key, String range, DoublePredicate isRight) {
    String expected = ("a number " + range).strip();
    return find(key)
        .flatMap(value -> typed(key, value, BigDecimal.class, expected))
        .flatMap(
            number -> {
              double found = number.doubleValue();
              if (Double.isFinite(found) && isRight.test(found)) {
                return Optional.of(found);
              }
              problem(key, "expected " + expected + ", found " + number + ".");
              return Optional.empty();
            });
  }

  /** Reads a constant of an enum, written in lower case with hyphens. */
  public <E extends Enum<E>> Optional<E> choice(String key, Class<E> type) {
    Map<String, E> constants = new LinkedHashMap<>();
    for (E constant : type.getEnumConstants()) {
      constants.put(written(constant), constant);
    }
    return text(key)
        .flatMap(
            text -> {
              String word = text.toLowerCase(Locale.ROOT).replace('_', '-');
              E found = constants.get(word);
              if (found == null) {
                refuse(key, text, constants.keySet());
              }
              return Optional.ofNullable(found);
            });
  }

  /** Returns an enum constant as written in descriptions. */
  public static String written(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** Adds a problem for an unknown word. */
  public void refuse(String key, String found, Collection<String> choices) {
    problem(
        key,
        "expected one of "
            + choices.stream().sorted().collect(Collectors.joining(", "))
            + ", found '"
            + found
            + "'."
            + Nearest.to(found, choices).map(near -> " Did you mean '" + near + "'?").orElse(""));
  }

  public List<String> texts(String key) {
    Optional<Value> value = find(key);
    List<String> texts = new ArrayList<>();
    for (Value other : value.map(Value::elements).orElse(List.of())) {
      typed(key, other, String.class, "a text or a list of texts").ifPresent(texts::add);
    }
    return texts;
  }

  public List<Integer> integers(String key, int least) {
    List<Integer> numbers = new ArrayList<>();
    String expected = "whole numbers of at least " + least;
    for (Value value : find(key).map(Value::elements).orElse(List.of())) {
      typed(key, value, BigDecimal.class, expected)
          .ifPresent(
              number -> {
                try {
                  numbers.add(number.intValueExact());
                } catch (ArithmeticException e) {
                  problem(key, "expected " + expected + ", found " + number.toPlainString() + ".");
                }
              });
    }
    numbers.stream()
        .filter(number -> number < least)
        .findFirst()
        .ifPresent(number -> problem(key, "expected " + expected + ", found " + number + "."));
    return numbers.stream().filter(number -> number >= least).toList();
  }

  public List<Double> numbers(String key) {
    List<Double> numbers = new ArrayList<>();
    for (Value value : find(key).map(Value::elements).orElse(List.of())) {
      typed(key, value, BigDecimal.class, "a number or a list of numbers")
          .ifPresent(number -> numbers.add(number.doubleValue()));
    }
    return numbers;
  }

  public Optional<Fields> mapping(String key) {
    return find(key).map(value -> of(path(key), value, problems));
  }

  public List<Fields> mappings(String key) {
    List<Fields> all = new ArrayList<>();
    List<Value> elements = find(key).map(Value::elements).orElse(List.of());
    for (int i = 0; i < elements.size(); i++) {
      all.add(of(path(key) + "[" + i + "]", elements.get(i), problems));
    }
    return all;
  }

  /** Reads a named choice, alone or with options. */
  public Optional<Named> named(String key) {
    return find(key)
        .flatMap(
            value -> {
              if (value.content() instanceof String name) {
                return Optional.of(new Named(name, nothing(path(key), value)));
              }
              if (value.entries().size() != 1) {
                problem(
                    key,
                    "expected a name, or one name with its options, found " + value.said() + ".");
                return Optional.empty();
              }
              Map.Entry<String, Value> only = value.entries().entrySet().iterator().next();
              String below = path(key) + "." + only.getKey();
              Fields options =
                  only.getValue().content() == null
                      ? nothing(below, only.getValue())
                      : of(below, only.getValue(), problems);
              return Optional.of(new Named(only.getKey(), options));
            });
  }

  private Fields nothing(String at, Value value) {
    return new Fields(at, value.place(), Map.of(), problems);
  }

  public void require(String key, String remedy) {
    known.add(key);
    if (!entries.containsKey(key)) {
      problem(key, "expected a value, found none. " + remedy);
    }
  }

  /** Rejects more than one of the given keys. */
  public void exclude(String... keys) {
    List<String> both = Arrays.stream(keys).filter(entries::containsKey).toList();
    if (both.size() > 1) {
      problem(both.get(1), "expected without " + both.get(0) + ". Keep one of them.");
    }
  }

  /** Rejects the keys that were never read, and suggests the nearest known key. */
  public void finish() {
    for (String key : entries.keySet()) {
      if (!known.contains(key)) {
        problem(
            key,
            "unknown key. "
                + Nearest.to(key, known)
                    .map(near -> "Did you mean '" + near + "'?")
                    .orElseGet(
                        () ->
                            known.isEmpty()
                                ? "No keys are known here."
                                : "Known are "
                                    + known.stream().sorted().collect(Collectors.joining(", "))
                                    + "."));
      }
    }
  }

  private <T> Optional<T> typed(String key, Value value, Class<T> type, String expected) {
    if (type.isInstance(value.content())) {
      return Optional.of(type.cast(value.content()));
    }
    problem(key, "expected " + expected + ", found " + value.said() + "." + remedy(value, type));
    return Optional.empty();
  }

  /** Ends a message with a period, if it has none. */
  private static String sentence(String message) {
    return message.endsWith(".") ? message : message + ".";
  }

  private static String remedy(Value value, Class<?> type) {
    Object content = value.content();
    if (type == String.class) {
      return content instanceof Map || content instanceof List ? "" : " Put it in quotes.";
    }
    if (!(content instanceof String text)) {
      return "";
    }
    if (type == Boolean.class) {
      String word = text.strip().toLowerCase(Locale.ROOT);
      return YES.contains(word)
          ? " Write true."
          : NO.contains(word) ? " Write false." : " Write true or false.";
    }
    return NUMBER.matcher(text.strip()).matches()
        ? " Write it without quotes."
        : " Write it in digits, such as 3, 0.5 or 2e-4.";
  }
}
