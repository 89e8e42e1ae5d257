package io.adapt4j.spark.internal.serial;

import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.spark.internal.model.GenerationChoice;
import java.io.Serializable;
import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * Serializable form of a value that is not serializable itself: a record of numbers, strings,
 * enums, durations, paths, optionals, generation options, lists, maps and such records.
 */
public record Sent<T>(Object form) implements Serializable {

  /** The parts of a value of a type that is not serializable. */
  private record Parts(Class<?> type, List<?> values) implements Serializable {

    Object first() {
      return values.get(0);
    }
  }

  public static <T> Sent<T> of(T value) {
    return new Sent<>(form(value));
  }

  /** Restores the value. */
  @SuppressWarnings("unchecked") // The form is that of a T.
  public T value() {
    return (T) restored(form);
  }

  public boolean isA(Class<? extends Record> type) {
    return form instanceof Parts parts && parts.type() == type;
  }

  private static Object form(Object value) {
    if (value instanceof Path path) {
      return new Parts(Path.class, List.of(path.toString()));
    }
    if (value instanceof OptionalInt number) {
      return new Parts(OptionalInt.class, number.stream().boxed().toList());
    }
    if (value instanceof OptionalLong number) {
      return new Parts(OptionalLong.class, number.stream().boxed().toList());
    }
    if (value instanceof OptionalDouble number) {
      return new Parts(OptionalDouble.class, number.stream().boxed().toList());
    }
    if (value instanceof GenerationOptions options) {
      return GenerationChoice.of(options);
    }
    if (value instanceof List<?> list) {
      return new ArrayList<>(list);
    }
    if (value instanceof Map<?, ?> map) {
      return new LinkedHashMap<>(map);
    }
    return value instanceof Record && !(value instanceof Serializable) ? parts(value) : value;
  }

  private static Parts parts(Object value) {
    List<Object> values = new ArrayList<>();
    try {
      for (RecordComponent component : value.getClass().getRecordComponents()) {
        values.add(form(component.getAccessor().invoke(value)));
      }
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("reading " + value.getClass() + " failed", e);
    }
    return new Parts(value.getClass(), values);
  }

  private static Object restored(Object form) {
    if (form instanceof GenerationChoice choice) {
      return choice.options();
    }
    if (!(form instanceof Parts parts)) {
      return form;
    }
    boolean empty = parts.values().isEmpty();
    if (parts.type() == Path.class) {
      return Path.of((String) parts.first());
    }
    if (parts.type() == OptionalInt.class) {
      return empty ? OptionalInt.empty() : OptionalInt.of((Integer) parts.first());
    }
    if (parts.type() == OptionalLong.class) {
      return empty ? OptionalLong.empty() : OptionalLong.of((Long) parts.first());
    }
    if (parts.type() == OptionalDouble.class) {
      return empty ? OptionalDouble.empty() : OptionalDouble.of((Double) parts.first());
    }
    return record(parts);
  }

  private static Object record(Parts parts) {
    Class<?>[] types =
        Arrays.stream(parts.type().getRecordComponents())
            .map(RecordComponent::getType)
            .toArray(Class<?>[]::new);
    try {
      return parts
          .type()
          .getDeclaredConstructor(types)
          .newInstance(parts.values().stream().map(Sent::restored).toArray());
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("restoring " + parts.type() + " failed", e);
    }
  }
}
