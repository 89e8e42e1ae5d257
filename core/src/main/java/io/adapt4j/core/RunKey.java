package io.adapt4j.core;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.adapt4j.core.internal.describe.Fields;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.DoublePredicate;
import java.util.function.Function;

/**
 * A key of a run's description.
 *
 * @param name how it is written
 * @param setters the builder's methods that it stands for
 * @param reader reads it into a builder; what is wrong goes to the fields' problems
 * @param writer writes it; empty where nothing is to be said, or it cannot be said
 */
record RunKey(
    String name,
    Set<String> setters,
    BiConsumer<Fields, FineTuner.Builder> reader,
    Function<FineTuneSettings, Optional<? extends JsonNode>> writer) {

  static Optional<JsonNode> text(Object value) {
    return Optional.of(TextNode.valueOf(value.toString()));
  }

  /** A key with the name of its setter. */
  static RunKey of(
      String name,
      BiConsumer<Fields, FineTuner.Builder> reader,
      Function<FineTuneSettings, Optional<? extends JsonNode>> writer) {
    return new RunKey(name, Set.of(name), reader, writer);
  }

  /** A key that says what to do now, and so is not part of a record. */
  static RunKey act(String name, Consumer<FineTuner.Builder> setter) {
    return of(name, whenOn(name, setter), settings -> Optional.empty());
  }

  /** A key for a setter that switches something on. */
  static RunKey flag(
      String name, Consumer<FineTuner.Builder> setter, Function<FineTuneSettings, Boolean> getter) {
    return of(
        name,
        whenOn(name, setter),
        settings -> Optional.of(BooleanNode.valueOf(getter.apply(settings))));
  }

  private static BiConsumer<Fields, FineTuner.Builder> whenOn(
      String name, Consumer<FineTuner.Builder> setter) {
    return (fields, builder) ->
        fields.flag(name).filter(on -> on).ifPresent(on -> setter.accept(builder));
  }

  /** A key for a setter that takes true or false. */
  static RunKey toggle(
      String name,
      BiConsumer<FineTuner.Builder, Boolean> setter,
      Function<FineTuneSettings, Boolean> getter) {
    return of(
        name,
        (fields, builder) -> fields.flag(name).ifPresent(value -> setter.accept(builder, value)),
        settings -> Optional.of(BooleanNode.valueOf(getter.apply(settings))));
  }

  static RunKey integer(
      String name,
      int least,
      BiConsumer<FineTuner.Builder, Integer> setter,
      Function<FineTuneSettings, Integer> getter) {
    return optional(name, least, setter, settings -> Optional.of(getter.apply(settings)));
  }

  /** A whole number that a run can be without. */
  static RunKey optional(
      String name,
      int least,
      BiConsumer<FineTuner.Builder, Integer> setter,
      Function<FineTuneSettings, Optional<Integer>> getter) {
    return of(
        name,
        (fields, builder) ->
            fields.integer(name, least).ifPresent(value -> setter.accept(builder, value)),
        settings -> getter.apply(settings).map(IntNode::valueOf));
  }

  static RunKey number(
      String name,
      String range,
      DoublePredicate isRight,
      BiConsumer<FineTuner.Builder, Double> setter,
      Function<FineTuneSettings, Double> getter) {
    return of(
        name,
        (fields, builder) ->
            fields.number(name, range, isRight).ifPresent(value -> setter.accept(builder, value)),
        settings -> Optional.of(DoubleNode.valueOf(getter.apply(settings))));
  }

  /** A constant of an enum. */
  static <E extends Enum<E>> RunKey choice(
      String name,
      Class<E> type,
      BiConsumer<FineTuner.Builder, E> setter,
      Function<FineTuneSettings, E> getter) {
    return of(
        name,
        (fields, builder) ->
            fields.choice(name, type).ifPresent(value -> setter.accept(builder, value)),
        settings -> text(Fields.written(getter.apply(settings))));
  }
}
