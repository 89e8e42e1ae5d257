package io.adapt4j.core.internal.recipe;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.adapt4j.core.internal.describe.Fields;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.DoublePredicate;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Definition of an option of a run: the single source of the builder's check, the key in YAML
 * descriptions and the line in the documentation.
 */
public final class Option<T> {

  private final String name;
  private final String values;
  private String setter;
  private T usual;
  private String usualText = "";
  private String text = "";
  private BiConsumer<T, Checks> check = (value, checks) -> {};
  private BiConsumer<Fields, Draft> reader;
  private Function<FineTuneSettings, Optional<? extends JsonNode>> writer =
      settings -> Optional.empty();

  private Option(String name, String values) {
    this.name = name;
    this.values = values;
    this.setter = name;
  }

  /** Creates an option with a custom format. */
  public static <T> Option<T> of(String name, String values) {
    return new Option<>(name, values);
  }

  static Option<Integer> integer(String name, int least) {
    return Option.<Integer>of(name, "whole number of at least " + least)
        .checked((value, checks) -> checks.atLeast(name, value, least))
        .read(fields -> fields.integer(name, least));
  }

  /** Creates a number option; the range completes the phrase "a number ...". */
  static Option<Double> number(String name, String range, DoublePredicate isRight) {
    String words = range.replaceFirst("^of ", "");
    return Option.<Double>of(name, "number " + range)
        .checked(
            (value, checks) ->
                checks.require(
                    isRight.test(value) && Double.isFinite(value),
                    name + " must be " + words + ", found " + value))
        .read(fields -> fields.number(name, range, isRight));
  }

  static Option<Double> notNegative(String name) {
    return number(name, "of at least 0", value -> value >= 0);
  }

  static Option<Boolean> toggle(String name) {
    return Option.<Boolean>of(name, "true or false").read(fields -> fields.flag(name));
  }

  /** Creates a flag that can only be switched on. */
  static Option<Boolean> flag(String name) {
    return toggle(name).usual(false, "off").read(fields -> fields.flag(name).filter(on -> on));
  }

  /** Creates an option with the constants of an enum. */
  static <E extends Enum<E>> Option<E> choice(String name, Class<E> type) {
    return Option.<E>of(
            name,
            Arrays.stream(type.getEnumConstants())
                .map(Fields::written)
                .collect(Collectors.joining(", ")))
        .required()
        .read(fields -> fields.choice(name, type));
  }

  /** Sets the name of the setter, if it differs from the option's. */
  Option<T> setter(String method) {
    setter = method;
    return this;
  }

  Option<T> usual(T value) {
    return usual(value, value instanceof Enum<?> one ? Fields.written(one) : value.toString());
  }

  /** Sets the default and its text. */
  public Option<T> usual(T value, String said) {
    usual = value;
    usualText = said;
    return this;
  }

  /** Sets the text of a default that is not a fixed value. */
  Option<T> usually(String said) {
    usualText = said;
    return this;
  }

  /** Sets the sentence for the documentation. */
  public Option<T> text(String sentence) {
    text = sentence;
    return this;
  }

  Option<T> checked(BiConsumer<T, Checks> more) {
    BiConsumer<T, Checks> before = check;
    check =
        (value, checks) -> {
          before.accept(value, checks);
          if (value != null) {
            more.accept(value, checks);
          }
        };
    return this;
  }

  /** Rejects null. */
  public Option<T> required() {
    check = (value, checks) -> checks.notNull(name, value);
    return this;
  }

  public Option<T> read(Function<Fields, Optional<T>> key) {
    return readInto(
        (fields, draft) -> key.apply(fields).ifPresent(value -> draft.set(this, value)));
  }

  Option<T> readInto(BiConsumer<Fields, Draft> key) {
    reader = key;
    return this;
  }

  public Option<T> write(Function<FineTuneSettings, Optional<? extends JsonNode>> key) {
    writer = key;
    return this;
  }

  /** Sets the writer to write a plain value. */
  Option<T> written(Function<FineTuneSettings, T> getter) {
    return writtenIfAny(settings -> Optional.of(getter.apply(settings)));
  }

  Option<T> writtenIfAny(Function<FineTuneSettings, Optional<T>> getter) {
    return write(settings -> getter.apply(settings).map(Option::node));
  }

  private static JsonNode node(Object value) {
    if (value instanceof Integer number) {
      return IntNode.valueOf(number);
    }
    if (value instanceof Long number) {
      return LongNode.valueOf(number);
    }
    if (value instanceof Double number) {
      return DoubleNode.valueOf(number);
    }
    if (value instanceof Boolean on) {
      return BooleanNode.valueOf(on);
    }
    return TextNode.valueOf(
        value instanceof Enum<?> constant ? Fields.written(constant) : value.toString());
  }

  public String name() {
    return name;
  }

  /** {@return the name of the builder's setter} */
  public String setter() {
    return setter;
  }

  T usual() {
    return usual;
  }

  void check(T value, Checks checks) {
    check.accept(value, checks);
  }

  public void read(Fields fields, Draft draft) {
    reader.accept(fields, draft);
  }

  public Optional<? extends JsonNode> write(FineTuneSettings settings) {
    return writer.apply(settings);
  }

  /** Writes the option as a row of a table in Markdown. */
  public String row() {
    return "| `" + name + "` | " + values + " | " + usualText + " | " + text + " |";
  }
}
